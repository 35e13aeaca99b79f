import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, latin1, now, sys } from '@moreqmail/unix'
import t from 'tap'
import { type QueueRun, startQueue } from '../src/run.ts'

const dir = mkdtempSync(join(tmpdir(), 'queue-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))
sys.inheritable(new Int32Array(0))
sys.signal(13, 1) // PIPE, which Bun ignores from its start

let scripts = 0

/** Starts a queue program with this text; it finds a directory of its own in $D. */
function start(text: string): QueueRun & { readonly dir: string } {
  const name = join(dir, `qq${++scripts}`)
  writeFileSync(name, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return Object.assign(begin(name), { dir })
}

function begin(name: string): QueueRun {
  const run = startQueue(new Environment([`QMAILQUEUE=${name}`, `D=${dir}`, 'PATH=/bin:/usr/bin']))
  if (run === undefined) throw new Error('no queue')
  return run
}

const envelope = { sender: 'a@b', recipients: ['c@d', '\xe9@f'] }

t.test('message and envelope arrive, and success is told', async (t) => {
  const run = start('cat >$D/m; cat <&1 >$D/e')
  run.puts('Received: x\n')
  run.put(new Uint8Array([1, 2, 0, 255, 3]), 1, 4)
  const end = run.finish(envelope)
  t.match(end, { code: 0, cut: false })
  t.equal(readFileSync(join(dir, 'm'), 'latin1'), 'Received: x\n\x02\0\xff')
  t.equal(readFileSync(join(dir, 'e'), 'latin1'), 'Fa@b\0Tc@d\0T\xe9@f\0\0')
  t.ok(run.pid > 1)
})

t.test('100,000 recipients', async (t) => {
  const run = start('cat >/dev/null; wc -c <&1 >$D/n')
  const recipients = Array.from({ length: 100_000 }, (_, i) => `${i}@x`)
  t.equal(run.finish({ sender: '', recipients }).code, 0)
  t.equal(Number(readFileSync(join(dir, 'n'), 'latin1')), 2 + recipients.join('TN').length + 2 + 1)
})

t.test('an abandoned message has no envelope', async (t) => {
  const run = start('cat >/dev/null; cat <&1 >$D/none.tmp; [ -s $D/none.tmp ] && mv $D/none.tmp $D/none; exit 0')
  run.puts('x')
  run.abandon()
  t.notOk(existsSync(join(dir, 'none')))
})

t.test('exit codes and signals', async (t) => {
  t.equal(start('exit 31').finish(envelope).code, 31)
  t.equal(start('kill -9 $$').finish(envelope).code, 'crashed')
  t.match(begin(join(dir, 'missing')).finish(envelope), { code: 120, cut: false })
  t.match(begin('').finish(envelope), { code: 120 })
  t.match(begin('cat').finish(envelope), { code: 120 }, 'no search on the PATH')
})

t.test('a program that stops reading', async (t) => {
  const run = start('exit 0')
  const block = new Uint8Array(65536)
  for (let i = 0; i < 20; i++) run.put(block)
  t.match(run.finish(envelope), { code: 0, cut: true })
})

t.test('the error text', async (t) => {
  const text = (script: string): string => latin1(start(script).finish(envelope).custom)
  t.equal(text('cat >/dev/null; printf Dno >&6; exit 82'), 'Dno')
  t.equal(text('exit 82'), '')
  t.equal(text('printf D >&6; sleep 0.1; printf no >&6; exit 82'), 'Dno')
  t.equal(text('exec 6>&-; cat >/dev/null; exit 82'), '')
  t.equal(text('head -c 1000 /dev/zero | tr "\\0" x >&6; exit 82'), 'x'.repeat(255))
})

t.test('an error text that fills the pipe before the message is read', async (t) => {
  const run = start('head -c 1000000 /dev/zero | tr "\\0" x >&6; cat | wc -c >$D/size; exit 82')
  const block = new Uint8Array(65536)
  for (let i = 0; i < 20; i++) run.put(block)
  t.match(run.finish(envelope), { code: 82, cut: false })
  t.equal(Number(readFileSync(join(dir, 'size'), 'latin1')), 20 * 65536)
})

t.test('a daemon that keeps descriptor 6 open does not hold us', async (t) => {
  const before = now()
  const run = start('sleep 20 & echo $! >$D/daemon; printf Dno >&6; exit 82')
  t.match(run.finish(envelope), { code: 82 })
  t.ok(now() - before < 5000)
  process.kill(Number(readFileSync(join(dir, 'daemon'), 'latin1')))
})

t.test('not even one that goes on writing', async (t) => {
  const before = now()
  const run = start('(while :; do echo x; done >&6 2>/dev/null & echo $! >$D/daemon); exit 82')
  t.match(run.finish(envelope), { code: 82, custom: { length: 255 } })
  t.ok(now() - before < 5000)
  try {
    process.kill(Number(readFileSync(join(dir, 'daemon'), 'latin1')))
  } catch {
    // it has died of its closed pipe
  }
})

t.test('nothing of it stays open here', async (t) => {
  const count = (): number => {
    let n = 0
    for (let fd = 0; fd < 200; fd++) if (sys.isopen(fd) === 0) n++
    return n
  }
  const before = count()
  start('exit 0').finish(envelope)
  start('exit 0').abandon()
  begin(join(dir, 'missing')).finish(envelope)
  t.equal(count(), before)
})
