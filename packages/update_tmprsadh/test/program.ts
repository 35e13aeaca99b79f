import { spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'

const PROGRAM = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'update_tmprsadh')
const ROOT = process.getuid?.() === 0

/** Runs it with this shell script as openssl, or the one of the system. */
function run(t: Test, openssl?: string, files: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'tmprsadh-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  for (const dir of ['control', 'bin']) mkdirSync(join(home, dir))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, 'control', name), text, { mode: 0o644 })
  if (openssl !== undefined) writeFileSync(join(home, 'bin/openssl'), `#!/bin/sh\n${openssl}\n`, { mode: 0o755 })
  const again = () => {
    const env = { PATH: `${home}/bin:/usr/bin:/bin`, QMAILHOME: home }
    const { status, stdout, stderr } = spawnSync(PROGRAM, { env, encoding: 'latin1' })
    return { status, output: stdout + stderr }
  }
  const control = (name: string) => join(home, 'control', name)
  return { ...again(), again, control, names: () => readdirSync(join(home, 'control')).sort() }
}

/** Writes its arguments to the file named behind -out. */
const ECHO =
  'echo noise; echo noise >&2; for w in "$@"; do test "$last" = -out && out=$w; last=$w; done; echo "$@" >"$out"'

t.test('new files', async (t) => {
  const { status, output, control, names } = run(t, ECHO)
  t.same([status, output], [0, ''])
  t.same(names(), ['dh2048.pem', 'rsa2048.pem'])
  t.equal(readFileSync(control('rsa2048.pem'), 'latin1'), 'genrsa -out control/rsa2048.new 2048\n')
  t.equal(readFileSync(control('dh2048.pem'), 'latin1'), 'dhparam -out control/dh2048.new -2 2048\n')
  for (const name of names()) t.equal(statSync(control(name)).mode & 0o7777, 0o600)
})

t.test('files that are there', async (t) => {
  const { again, control, names } = run(t, ECHO, {
    'rsa2048.pem': 'old',
    'rsa2048.new': 'left over',
    'dh2048.pem': 'old',
  })
  const before = statSync(control('rsa2048.pem')).ino
  if (ROOT) chownSync(control('rsa2048.pem'), 12345, 54321)
  t.equal(again().status, 0)
  t.same(names(), ['dh2048.pem', 'rsa2048.pem'])
  const { mode, uid, gid, ino } = statSync(control('rsa2048.pem'))
  t.equal(mode & 0o7777, 0o600)
  t.not(ino, before, 'replaced, not written to')
  if (ROOT) t.same([uid, gid], [12345, 54321], 'the owner stays')
})

t.test('openssl that fails', async (t) => {
  const old = { 'rsa2048.pem': 'old rsa', 'dh2048.pem': 'old dh' }
  const unchanged = (script: string, text: RegExp) => {
    const { status, output, control } = run(t, script, old)
    t.equal(status, 111)
    t.match(output, text)
    for (const [name, was] of Object.entries(old)) t.equal(readFileSync(control(name), 'latin1'), was)
  }
  unchanged('exit 1', /^update_tmprsadh: fatal: unable to make control\/rsa2048\.new: openssl genrsa has failed\n$/)
  unchanged(`${ECHO}; kill -9 $$`, /openssl genrsa has failed\n$/)
  unchanged(
    'exit 0',
    /^update_tmprsadh: fatal: unable to make control\/rsa2048\.new: openssl genrsa has made nothing\n$/,
  )
  unchanged('for w in "$@"; do rm -f "$w"; done', /^update_tmprsadh: fatal: unable to make control\/rsa2048\.new: /)
})

t.test('trouble', async (t) => {
  const lost = spawnSync(PROGRAM, { env: { QMAILHOME: '/nonexistent' }, encoding: 'latin1' })
  t.same(
    [lost.status, lost.stderr],
    [111, 'update_tmprsadh: fatal: unable to switch to /nonexistent: file does not exist\n'],
  )
  t.equal(spawnSync(PROGRAM, ['x']).status, 100)
})

t.test('the key of a real openssl', { skip: !existsSync('/usr/bin/openssl') }, async (t) => {
  // Its parameters take minutes: only the key.
  const { status, control } = run(t, `test $1 = genrsa && exec /usr/bin/openssl "$@"; ${ECHO}`)
  t.equal(status, 0)
  const { status: checked } = spawnSync('/usr/bin/openssl', ['rsa', '-check', '-noout', '-in', control('rsa2048.pem')])
  t.equal(checked, 0)
})
