/**
 * Builds the tests and runs them: node test/run.mjs [--build] [TEXT...].
 *
 * Takes the tests whose path has one of the texts in it, or all; with --build they are only built. Prints every
 * assertion that fails, what was skipped and, last, `N passed, N failed`; exit 0 if none failed and at least one passed.
 *
 * Each test file is bundled and run by node as it is: tap's own runner would load its compiler into every process, half
 * a second each.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Parser } from 'tap-parser'

process.chdir(resolve(dirname(fileURLToPath(import.meta.url)), '..'))

const OUT = 'build/test'
/** Bundled with the tests, but run by hand. */
const TOOLS = ['test/play.ts']
/** Seconds that one test within a file may take, unless it says otherwise. */
const TEST_LIMIT = 120
/** Seconds that a file may take. */
const FILE_LIMIT = 1800
/** Seconds between asking it to end and killing it. */
const GRACE = 10

const wanted = process.argv.slice(2).filter((word) => word !== '--build')
const onlyBuild = process.argv.includes('--build')
const total = { passed: 0, failed: 0, skipped: 0 }
const skips = []

function fail(path, what, more = '') {
  total.failed++
  console.log(`FAIL ${path}: ${what}${more === '' ? '' : `\n${more}`}`)
}

/** The wanted test files directly in a directory. */
function testsIn(dir) {
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(dir, name))
    .filter((path) => !TOOLS.includes(path))
    .filter((path) => wanted.length === 0 || wanted.some((text) => path.includes(text)))
}

const { version, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const platform = readdirSync('node_modules/@oven').find((name) => existsSync(`node_modules/@oven/${name}/bin/bun`))
const bundling = [
  ...['build', '--target=node', '--format=esm', '--sourcemap=inline', '--entry-naming=[dir]/[name].mjs'],
  ...Object.keys(devDependencies).flatMap((name) => ['--external', name]),
  ...Object.entries({
    MOREQMAIL_SHIM: resolve('dist/bin/moreqmail.node'),
    MOREQMAIL_HOME: '/var/qmail',
    MOREQMAIL_VERSION: version,
  }).flatMap(([name, value]) => ['--define', `${name}=${JSON.stringify(value)}`]),
]

/** Bundles files below root; those that can be bundled. */
function build(root, out, paths) {
  if (paths.length === 0) return []
  const words = [...bundling, `--root=${root}`, `--outdir=${out}`, ...paths]
  const { status, stderr } = spawnSync(`node_modules/@oven/${platform}/bin/bun`, words, { encoding: 'utf8' })
  if (status === 0) return paths
  if (paths.length > 1) return paths.flatMap((path) => build(root, out, [path]))
  fail(paths[0], 'does not build', stderr.trimEnd())
  return []
}

/** Where a test's bundle is: those of test/ are directly in build/test. */
function bundleOf(path) {
  return join(OUT, path.replace(/^test\//, '').replace(/\.ts$/, '.mjs'))
}

/** A source file, named by its place beside the bundles. */
function sourceOf(path) {
  return String(path).replace(/^build\/(?:test\/(?=packages\/))?/, '')
}

/** What is known of an assertion that has failed, a line for each thing. */
function details(diag) {
  if (typeof diag?.why === 'string') return `    ${diag.why}`
  return Object.entries(diag ?? {})
    .filter(([name, value]) => !['source', 'stack', 'compare', 'tapCaught'].includes(name) && value !== null)
    .map(([name, value]) => {
      const text = name === 'at' ? `${sourceOf(value.fileName)}:${value.lineNumber}` : value
      const lines = (typeof text === 'string' ? text : JSON.stringify(text)).trimEnd().split('\n')
      return `    ${name}: ${lines.join('\n      ')}`
    })
    .join('\n')
}

/** Counts an assertion; true if it has failed. */
function count(path, { ok, skip, todo, fullname, diag }) {
  if (skip || todo) {
    total.skipped++
    const reason = [skip, todo].find((text) => typeof text === 'string')
    skips.push(`skip ${path}: ${fullname}${reason === undefined ? '' : `: ${reason}`}`)
    return false
  }
  if (ok) total.passed++
  else fail(path, fullname, details(diag))
  return !ok
}

/** Runs one test file to its end and counts its assertions. */
async function run(path) {
  const began = Date.now()
  let failures = 0
  let late = ''
  const parser = new Parser()
  parser.on('result', (result) => {
    if (count(path, result)) failures++
  })
  const parsed = new Promise((resolved) => parser.on('complete', resolved))
  const child = spawn(process.execPath, ['--enable-source-maps', bundleOf(path)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TAP_TIMEOUT: String(TEST_LIMIT) },
  })
  const timer = setTimeout(() => {
    late = `not done after ${FILE_LIMIT} s`
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), GRACE * 1000).unref()
  }, FILE_LIMIT * 1000)
  child.stdout.pipe(parser)
  const end = await new Promise((resolved) => child.on('close', (code, signal) => resolved(signal ?? code)))
  clearTimeout(timer)
  const results = await parsed
  if ((!results.ok || end !== 0) && failures === 0) {
    const errors = results.failures.map((failure) => failure.tapError).filter(Boolean)
    fail(path, [late || `ended with ${end}`, ...errors].join(': '))
    failures++
  }
  console.log(`${failures === 0 ? 'ok  ' : 'FAIL'} ${path} ${((Date.now() - began) / 1000).toFixed(1)} s`)
}

async function runAll(paths, jobs) {
  const queue = paths.values()
  const worker = async () => {
    for (const path of queue) await run(path)
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}

const packages = readdirSync('packages').flatMap((name) => testsIn(join('packages', name, 'test')))
const units = build('packages', join(OUT, 'packages'), packages)
const whole = build('test', OUT, [...testsIn('test'), ...testsIn('test/chain')])
build('test', OUT, TOOLS)
if (onlyBuild) process.exit(total.failed > 0 ? 1 : 0)
await runAll(units, availableParallelism())
// These run programs, several at a time, and look at the clock.
await runAll(whole, 1)
for (const line of skips) console.log(line)
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
