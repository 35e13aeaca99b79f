import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const home = mkdtempSync(join(tmpdir(), 'checkpassword-'))
mkdirSync(join(home, 'control'))
t.teardown(() => rmSync(home, { recursive: true }))

function passwd(text: string, mode = 0o600) {
  writeFileSync(join(home, 'control/passwd'), text, 'latin1')
  chmodSync(join(home, 'control/passwd'), mode)
}

function setpassword(words: readonly string[], input: string) {
  const env = { PATH: BIN, QMAILHOME: home }
  return spawnSync(`${BIN}/setpassword`, words, { env, input, timeout: 20_000 }).status
}

function login(text: string, prog: readonly string[] = ['sh', '-c', 'echo $USER'], env: Record<string, string> = {}) {
  const path = join(home, 'login')
  writeFileSync(path, text, 'latin1')
  const fd = openSync(path, 'r')
  const { status, stdout, stderr } = spawnSync(`${BIN}/checkpassword`, prog, {
    env: { PATH: `${BIN}:/bin:/usr/bin`, QMAILHOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe', fd],
    timeout: 20_000,
    encoding: 'latin1',
  })
  closeSync(fd)
  return [status, stdout, stderr]
}

t.test('what setpassword writes', async (t) => {
  passwd('')
  t.equal(setpassword(['al', '-', '-', '/'], 'p\xe4ss:w\n'), 0) // written as UTF-8
  t.equal(setpassword(['bo', '-', '-', ''], 'x'.repeat(4000)), 0)
  t.same(login('al\0p\xc3\xa4ss:w\0\0'), [0, 'al\n', ''])
  t.same(login(`bo\0${'x'.repeat(4000)}\0\0`, ['sh', '-c', 'echo $HOME; pwd -P']), [0, `${home}\n${home}\n`, ''])
  t.same(login(`bo\0${'x'.repeat(4000)}\0${'y'.repeat(92)}`), [0, 'bo\n', ''], '4096 bytes')
  t.same(login(`bo\0${'x'.repeat(4000)}\0${'y'.repeat(93)}`), [1, '', ''], 'more')
})

t.test('after a login comes a real image', async (t) => {
  passwd('')
  t.equal(setpassword(['al', '-', '-', '/'], 'pw'), 0)
  // The kernel knows an image's own environment only.
  const prog = ['qmail-reup', '-t', '1', 'sh', '-c', 'tr "\\0" "\\n" </proc/$PPID/environ | grep ^USER=']
  for (const way of ['', 'always']) t.equal(login('al\0pw\0\0', prog, { MOREQMAIL_EXEC: way })[1], 'USER=al\n', way)
})

t.test('bcrypt takes no more than 72 bytes', async (t) => {
  const LONGEST = '$2b$05$abcdefghijklmnopqrstuusSu0myMBYsexQ1yUrdeiVuU1RC.l/yG'
  passwd(`al:${LONGEST}:::/\n`)
  t.same(login('al\0bcrypt pass\0\0'), [0, 'al\n', ''])
  t.same(login(`al\0${'x'.repeat(73)}\0\0`), [1, '', ''])
})

t.test('who is refused', async (t) => {
  passwd('')
  t.equal(setpassword(['al', '-', '-', '/'], 'pw'), 0)
  t.equal(setpassword(['root', '0', '1', '/'], 'pw'), 0)
  t.equal(setpassword(['wheel', '1', '0', '/'], 'pw'), 0)
  for (const text of [
    'al\0pW\0\0',
    'al\0pw \0\0',
    'AL\0pw\0\0',
    'al:\0pw\0\0',
    'root\0pw\0\0',
    'wheel\0pw\0\0',
    'eve\0pw\0\0',
  ])
    t.same(login(text), [1, '', ''], JSON.stringify(text))
  t.same(login(''), [2, '', ''])
})

t.test('faults', async (t) => {
  passwd('al:$argon2id$v=19$m=300000,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA:::/\nbo:!:::/\n', 0o640)
  const warning = 'checkpassword: warning: control/passwd can be read by others than its owner\n'
  t.same(login('al\0x\0\0'), [111, '', `${warning}checkpassword: fatal: unusable hash for al\n`])
  t.same(login('bo\0x\0\0'), [1, '', warning])
  t.same(login('eve\0x\0\0'), [1, '', warning])
})
