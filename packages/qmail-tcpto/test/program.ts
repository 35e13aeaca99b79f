import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'

const PROGRAM = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'qmail-tcpto')
const NOW = Math.floor(Date.now() / 1000)

function run(t: Test, files: Record<string, Buffer | '/'>, env: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'tcpto-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  mkdirSync(join(home, 'queue/lock'), { recursive: true })
  mkdirSync(join(home, 'run/qmail-remote'), { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    if (content === '/') mkdirSync(join(home, name))
    else writeFileSync(join(home, name), content)
  }
  const { status, stdout, stderr } = spawnSync(PROGRAM, { env: { QMAILHOME: home, ...env }, encoding: 'latin1' })
  t.equal(stderr, '')
  return [status, stdout] as const
}

function four(ip: readonly number[], count: number, age: number): Buffer {
  const record = Buffer.alloc(16)
  record.set([...ip, count])
  record.writeUInt32LE(NOW - age, 8)
  return record
}

function six(last: number, count: number, age: number): Buffer {
  const record = Buffer.alloc(28)
  record.set([0x20, 0x01, 0x0d, 0xb8])
  record[15] = last
  record[16] = count
  record.writeBigUInt64LE(BigInt(NOW - age), 20)
  return record
}

t.test('the tables', async (t) => {
  const table = Buffer.concat([
    four([127, 0, 0, 1], 1, 1000),
    four([192, 0, 2, 1], 0, 5),
    four([192, 0, 2, 255], 255, 2000),
  ])
  const near = (text: string) =>
    text.replace(/ (\d+) seconds/g, (_, n) => ` ${Math.floor(Number(n) / 100) * 100} seconds`)
  const [code, text] = run(t, { 'queue/lock/tcpto': table, 'run/qmail-remote/tcpto6': six(1, 3, 3000) })
  t.equal(code, 0)
  t.same(near(text).split('\n'), [
    '127.0.0.1 timed out 1000 seconds ago; # recent timeouts: 1',
    '192.0.2.255 timed out 2000 seconds ago; # recent timeouts: 255',
    '2001:db8::1 timed out 3000 seconds ago; # recent timeouts: 3',
    '',
  ])
  const [, cut] = run(t, { 'queue/lock/tcpto': table.subarray(0, 40) })
  t.equal(cut.split('\n').length, 2, 'whole records only')
  t.same(run(t, { 'queue/lock/tcpto': Buffer.alloc(0) }), [0, ''])
  const [, many] = run(t, { 'queue/lock/tcpto': Buffer.concat(new Array(100).fill(four([1, 2, 3, 4], 1, 0))) })
  t.equal(many.split('\n').length, 65)
})

t.test('trouble', async (t) => {
  const none = run(t, {})
  t.same(none, [111, 'fatal: unable to open tcpto: file does not exist\n'])
  t.same(run(t, {}, { QMAILHOME: '/nonexistent' }), [111, 'fatal: unable to chdir: file does not exist\n'])
  t.same(run(t, {}, { QMAILHOME: '/etc' }), [111, 'fatal: unable to chdir: file does not exist\n'])
  t.same(run(t, { 'queue/lock/tcpto': '/' }), [111, 'fatal: unable to open tcpto: is a directory\n'])
  const home = mkdtempSync(join(tmpdir(), 'tcpto-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  mkdirSync(join(home, 'queue'))
  writeFileSync(join(home, 'queue/lock'), '', { mode: 0o755 })
  t.same(run(t, {}, { QMAILHOME: home }), [111, 'fatal: unable to chdir: not a directory\n'])
  const empty = Buffer.alloc(0)
  t.same(run(t, { 'queue/lock/tcpto': empty, 'run/qmail-remote/tcpto6': '/' }), [
    111,
    'fatal: unable to open tcpto6: is a directory\n',
  ])
})
