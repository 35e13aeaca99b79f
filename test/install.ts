import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const ROOT = process.getuid?.() === 0
const NOBODY = 65534

const place = mkdtempSync(join(tmpdir(), 'install-'))
t.teardown(() => rmSync(place, { recursive: true }))
const home = join(place, 'var/qmail')
const at = (path: string) => join(home, path)

function script(name: string, to = home) {
  const { status, stdout, stderr } = spawnSync('sh', [`packages/toolkit/${name}.sh`, BIN, to], {
    encoding: 'utf8',
    timeout: 100_000,
  })
  return { status, lines: (stdout + stderr).trimEnd().split('\n') }
}

const fine = { status: 0, lines: [`instcheck: ${home} is as it should be`] }

t.test('an installation is as it should be', async (t) => {
  t.equal(script('install').status, 0)
  t.same(script('instcheck'), fine)
  t.equal(lstatSync(at('bin/moreqmail')).mode & 0o777, 0o755)
  t.equal(readlinkSync(at('bin/qmail-smtpd')), 'moreqmail')
  t.equal(lstatSync(at('man/man8/qmail-smtpd.8')).mode & 0o777, 0o644)
  t.equal(readlinkSync(at('man/man8/qmail-newremote.8')), 'qmail-remote.8')
  t.ok(lstatSync(at('moreqmail/run/smtpd/run')).mode & 0o100)
  const { stdout } = spawnSync(at('bin/qmail-smtpd'), ['--version'], { encoding: 'utf8' })
  t.match(stdout, /^qmail-smtpd \(moreqmail\) /)
})

t.test('installing again, below running programs', async (t) => {
  const child = spawn(at('bin/qmail-logjson'), { stdio: ['pipe', 'pipe', 'inherit'] })
  const out: Buffer[] = []
  child.stdout.on('data', (data) => out.push(data))
  t.equal(script('install').status, 0)
  t.same(script('instcheck'), fine)
  child.stdin.end('still here\n')
  t.same(await once(child, 'close'), [0, null])
  t.match(Buffer.concat(out).toString(), 'still here')
})

t.test('each difference is reported', async (t) => {
  rmSync(at('man/man8/qmail-smtpd.8'))
  rmSync(at('bin/qmail-smtpd'))
  chmodSync(at('man/man8/tcpserver.8'), 0o666)
  chmodSync(at('man'), 0o777)
  chmodSync(home, 0o775)
  rmSync(at('bin/qmail-remote'))
  symlinkSync('/bin/true', at('bin/qmail-remote'))
  rmSync(at('bin/qmail-pop3d'))
  writeFileSync(at('bin/qmail-pop3d'), '#!/bin/sh\nexec false\n')
  chmodSync(at('bin/qmail-pop3d'), 0o755)
  rmSync(at('man/man8/qmail-pop3d.8'))
  mkdirSync(at('man/man8/qmail-pop3d.8'))
  appendFileSync(at('moreqmail/run/smtpd/run'), '#\n')
  symlinkSync('moreqmail', at('bin/qmail-gone'))
  symlinkSync('elsewhere', at('bin/another'))
  if (ROOT) chownSync(at('man/man8/qmail-popup.8'), NOBODY, NOBODY)
  const { status, lines } = script('instcheck')
  t.equal(status, 1)
  t.same(
    lines.sort(),
    [
      `${home}/ can be changed by others`,
      `${home}/man has the wrong mode: drwxrwxrwx, not 755`,
      `${home}/man/man8/qmail-smtpd.8 is missing`,
      `${home}/bin/qmail-smtpd is missing`,
      `${home}/bin/qmail-smtpd does not run`,
      `${home}/man/man8/tcpserver.8 has the wrong mode: -rw-rw-rw-, not 644`,
      `${home}/bin/qmail-remote leads to /bin/true, not to moreqmail`,
      `${home}/bin/qmail-remote does not run`,
      `${home}/bin/qmail-pop3d is no link`,
      `${home}/bin/qmail-pop3d does not run`,
      `${home}/man/man8/qmail-pop3d.8 is no file`,
      `${home}/moreqmail/run/smtpd/run differs from run/smtpd/run`,
      `${home}/bin/qmail-gone is left over from another version`,
      ...(ROOT ? [`${home}/man/man8/qmail-popup.8 has the wrong owner: ${NOBODY}`] : []),
    ]
      .map((line) => `instcheck: ${line}`)
      .sort(),
  )
})

t.test('a damaged executable', async (t) => {
  const small = join(place, 'small')
  t.equal(script('install', small).status, 0)
  writeFileSync(join(small, 'bin/moreqmail'), '#!/bin/sh\nexit 0\n')
  const { status, lines } = script('instcheck', small)
  t.equal(status, 1)
  t.ok(lines.some((line) => line.endsWith(`bin/moreqmail differs from ${join(BIN, 'moreqmail')}`)))
  t.ok(lines.some((line) => line.endsWith('bin/tcpserver does not run')))
  rmSync(small, { recursive: true })
})

t.test('nothing is installed, and nothing can be', async (t) => {
  const { status, lines } = script('instcheck', join(place, 'empty'))
  t.equal(status, 1)
  t.ok(lines.includes(`instcheck: ${place}/empty/bin/qmail-smtpd is missing`))
  const file = join(place, 'file')
  writeFileSync(file, '')
  t.equal(script('install', join(file, 'home')).status, 1)
})

t.test('what make does', { skip: spawnSync('make', ['--version']).status !== 0 && 'there is no make' }, async (t) => {
  const plan = (...goals: readonly string[]) =>
    spawnSync('make', ['-n', '--no-print-directory', ...goals], { encoding: 'utf8' }).stdout
  for (const goals of [
    ['setup', 'check'],
    ['check', 'install'],
    ['-j4', 'setup', 'check'],
  ]) {
    const text = plan(...goals, 'DESTDIR=/some where')
    const [first, second] = [text.indexOf('/install.sh'), text.indexOf('/instcheck.sh')]
    t.ok(first > -1 && second > first, goals.join(' '))
    t.match(text, "'/some where/")
    t.notMatch(text, /run\.mjs|biome/)
  }
  t.match(plan('check'), /test\/run\.mjs/)
  t.notMatch(plan('check'), /inst(all|check)\.sh/)
  t.notMatch(plan('instcheck'), /install\.sh|run\.mjs/)
})
