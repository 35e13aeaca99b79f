import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const home = mkdtempSync(join(tmpdir(), 'setpassword-'))
const file = join(home, 'control/passwd')
const env = { PATH: BIN, QMAILHOME: home }
mkdirSync(join(home, 'control'))
t.teardown(() => rmSync(home, { recursive: true }))

function setpassword(words: readonly string[], input: string | Buffer = 'pw\n') {
  const options = { env, input, timeout: 20_000, encoding: 'latin1' } as const
  const { status, stdout, stderr } = spawnSync(`${BIN}/setpassword`, words, options)
  return [status, stdout, stderr]
}

t.beforeEach(() => rmSync(file, { force: true }))

t.test('a private file', async (t) => {
  t.same(setpassword(['al', '1', '2', '/']), [0, '', ''])
  t.equal(statSync(file).mode & 0o777, 0o600)
  chmodSync(file, 0o644)
  writeFileSync(`${file}.new`, 'left over')
  t.same(setpassword(['bo', '-', '-', '']), [0, '', ''])
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.notOk(existsSync(`${file}.new`))
  t.same(setpassword(['-l']), [0, `al 1 2 /\nbo - - ${home}\n`, ''])
})

t.test('two calls with the same password', async (t) => {
  setpassword(['al', '1', '2', '/'])
  setpassword(['bo', '1', '2', '/'])
  const [al = '', bo = ''] = readFileSync(file, 'latin1').split('\n')
  t.match(al, /^al:\$argon2id\$/)
  t.not(al.slice(3), bo.slice(3))
})

t.test('many writers at once', async (t) => {
  const writers = Array.from({ length: 8 }, (_, i) => {
    const child = spawn(`${BIN}/setpassword`, [`u${i}`, '-', '-', '/'], { env, timeout: 20_000 })
    child.stdin.end('pw')
    return once(child, 'exit')
  })
  for (const [code] of await Promise.all(writers)) t.equal(code, 0)
  t.equal(String(setpassword(['-l'])[1]).split('\n').length, 9)
})

t.test('deleting', async (t) => {
  writeFileSync(file, '#\nal:!:1:1:/a\nbo:!:::/\nal:!:2:2:/b\n')
  t.same(setpassword(['-d', 'al']), [0, '', ''])
  t.equal(readFileSync(file, 'latin1'), '#\nbo:!:::/\n')
  t.same(setpassword(['-d', 'al']), [1, '', 'setpassword: no such user: al\n'])
})

t.test('nothing is changed', async (t) => {
  const refused: ReadonlyArray<readonly [string, string]> = [
    ['', 'the password is empty'],
    ['\nx', 'the password is empty'],
    ['a\0b\n', 'the password has a NUL in it'],
    ['x'.repeat(4001), 'the password has more than 4000 bytes'],
    ['x'.repeat(10_000_000), 'the password has more than 4000 bytes'],
  ]
  for (const [input, text] of refused)
    t.same(setpassword(['al', '1', '2', '/'], input), [100, '', `setpassword: fatal: ${text}\n`])
  t.equal(setpassword(['al', '1', '2'])[0], 100)
  t.notOk(existsSync(file))
  t.same(setpassword(['-l']), [111, '', 'setpassword: fatal: unable to read control/passwd: file does not exist\n'])
})

t.test('bad lines in a list', async (t) => {
  writeFileSync(file, 'junk\nal:!:1:1:/a\n')
  t.same(setpassword(['-l']), [0, 'al 1 1 /a\n', 'setpassword: warning: bad line 1 in control/passwd\n'])
})
