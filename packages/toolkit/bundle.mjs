/**
 * Writes the source of the executable: node packages/toolkit/bundle.mjs OUT
 *
 * Each program is bundled by itself into a function that runs when the program does, so that the others cost nothing
 * at the start: in one bundle of all, the engine would make every function and every class of every program first.
 * Only packages/unix is shared, since it holds what belongs to the process.
 */
import { writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const out = process.argv[2]
if (out === undefined) throw new Error('usage: bundle.mjs OUT')

const SHARED = '@moreqmail/unix'
const common = { absWorkingDir: root, bundle: true, write: false, platform: 'node', target: 'esnext', logLevel: 'warning' }

async function text(options) {
  const { outputFiles, metafile } = await build({ ...common, metafile: true, outdir: '/', ...options })
  return { code: outputFiles[0].text, metafile }
}

const table = await text({ entryPoints: ['packages/toolkit/src/programs.ts'], format: 'esm' })
const { PROGRAMS } = await import(`data:text/javascript,${encodeURIComponent(table.code)}`)

const { metafile } = await text({ entryPoints: ['packages/unix/src/index.ts'], format: 'esm' })
const names = Object.values(metafile.outputs)[0].exports.join(', ')

/** The program as a function of what takes its exports, and of a `require` that knows the shared package and the runtime's. */
async function program(module) {
  const contents = `import { main, synopsis } from '${module}'; give({ main, synopsis })`
  const stdin = { contents, resolveDir: root, loader: 'ts' }
  const { code, metafile } = await text({ stdin, format: 'cjs', external: [SHARED], minify: true })
  if (Object.keys(metafile.inputs).includes('packages/unix/src/shim.ts'))
    throw new Error(`${module} has a second copy of ${SHARED}: only its pure parts may be imported by name`)
  return `(give, require) => {${code}}`
}

/** So many programs are made known at once: the engine reads in all that is in a function when it runs it. */
const GROUP = 7

// Names of the same program share its code.
const named = new Map()
for (const [name, facts] of Object.entries(PROGRAMS)) {
  const key = JSON.stringify(facts)
  named.set(key, { facts, names: [...(named.get(key)?.names ?? []), name] })
}
const cases = ({ names }) => names.map((name) => `case ${JSON.stringify(name)}:`).join(' ')
const entries = await Promise.all(
  [...named.values()].map(async ({ facts: { module, ...facts }, names }) => {
    const words = JSON.stringify(facts).slice(1, -1)
    return `${cases({ names })} return { ${words}, load: evaluated(${await program(module)}) }`
  }),
)
const groups = []
for (let i = 0; i < entries.length; i += GROUP)
  groups.push({ all: [...named.values()].slice(i, i + GROUP).map(cases).join(' '), code: entries.slice(i, i + GROUP) })
const known = Object.keys(PROGRAMS).filter((name) => !PROGRAMS[name].internal)

writeFileSync(
  out,
  `import { toolkit } from ${JSON.stringify(pathToFileURL(resolve(root, 'packages/toolkit/src/toolkit.ts')).pathname)}
import { ${names} } from '${SHARED}'
const shared = { ${names} }
const require = (name) => (name.startsWith('${SHARED}') ? shared : process.getBuiltinModule(name))
const evaluated = (program) => () => {
  let module
  program((exports) => (module = exports), require)
  return module
}
${groups.map(({ code }, i) => `const group${i} = (name) => { switch (name) {\n${code.join('\n')}\n} }`).join('\n')}
const find = (name) => { switch (name) {
${groups.map(({ all }, i) => `${all} return group${i}(name)`).join('\n')}
} }
toolkit(${JSON.stringify(known)}, find)
`,
)
