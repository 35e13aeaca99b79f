import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const PROGRAM = join(BIN, 'qmail-queue-maildir')
const MESSAGE = 'Subject: hi\n\nhello\n'
const ENVELOPE = 'Fs@x\0Ta@d\0Tb@d\0\0'

function home(): string {
  const dir = mkdtempSync(join(tmpdir(), 'maildir-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  for (const user of ['a', 'b'])
    for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(dir, user, part), { recursive: true })
  mkdirSync(join(dir, 'control'))
  writeFileSync(join(dir, 'control/me'), 'd\n')
  writeFileSync(join(dir, 'control/maildirs'), 'a:a\nb:b\n')
  return dir
}

function start(dir: string, command: string[] = [PROGRAM], env: Record<string, string> = {}): ChildProcess {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    env: { PATH: '/usr/bin:/bin', QMAILHOME: dir, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  for (const stream of child.stdio) stream?.on('error', () => undefined)
  return child
}

const message = (child: ChildProcess) => child.stdin as unknown as Duplex
const envelope = (child: ChildProcess) => child.stdout as unknown as Duplex

function ended(child: ChildProcess): Promise<number | string | null> {
  return new Promise((done) => child.on('exit', (code, signal) => done(signal ?? code)))
}

async function run(dir: string, text: string, addresses: string, command?: string[], env?: Record<string, string>) {
  const child = start(dir, command, env)
  message(child).end(text, 'latin1')
  envelope(child).end(addresses, 'latin1')
  return await ended(child)
}

const files = (dir: string, path: string) =>
  readdirSync(join(dir, path)).map((name) => readFileSync(join(dir, path, name), 'latin1'))
const all = (dir: string) => ['a/new', 'b/new', 'a/tmp', 'b/tmp'].map((path) => files(dir, path).length)

t.test('the envelope cut at every byte', async (t) => {
  const dir = home()
  for (let n = 0; n < ENVELOPE.length; n++) t.equal(await run(dir, MESSAGE, ENVELOPE.slice(0, n)), 54, `${n} bytes`)
  t.same(all(dir), [0, 0, 0, 0])
})

t.test('one byte at a time', async (t) => {
  const dir = home()
  const child = start(dir)
  const end = ended(child)
  for (const [stream, text] of [[message(child), MESSAGE] as const, [envelope(child), ENVELOPE] as const]) {
    for (const byte of text) {
      stream.write(byte, 'latin1')
      await new Promise((done) => setTimeout(done, 2))
    }
    if (stream === message(child)) stream.end()
  }
  t.equal(await end, 0, 'without waiting for the end of the envelope')
  t.same(all(dir), [1, 1, 0, 0])
  t.ok(files(dir, 'b/new')[0]?.endsWith(MESSAGE))
})

t.test('envelope faults', async (t) => {
  const dir = home()
  t.equal(await run(dir, MESSAGE, `F${'x'.repeat(1003)}`), 11)
  t.equal(await run(dir, MESSAGE, `F\0T${'x'.repeat(1003)}\0\0`), 11)
  t.equal(await run(dir, MESSAGE, 'Fs\0Ta@d\0Rb@d\0\0'), 91)
  t.same(all(dir), [0, 0, 0, 0])
})

t.test('all or nothing', async (t) => {
  const dir = home()
  rmSync(join(dir, 'b/new'), { recursive: true })
  t.equal(await run(dir, MESSAGE, ENVELOPE), 62, 'no new')
  symlinkSync('/dev/shm', join(dir, 'b/new'))
  t.equal(await run(dir, MESSAGE, ENVELOPE), 53, 'the second link fails')
  t.same([files(dir, 'a/new'), files(dir, 'a/tmp'), files(dir, 'b/tmp')], [[], [], []])
})

t.test('settings', async (t) => {
  const dir = home()
  t.equal(await run(join(dir, 'none'), MESSAGE, ENVELOPE), 61)
  t.equal(await run(dir, MESSAGE, ENVELOPE, [PROGRAM], { TMPDIR: join(dir, 'none') }), 53)
  t.equal(await run(dir, MESSAGE, ENVELOPE, [PROGRAM], { TMPDIR: '' }), 0, 'an empty TMPDIR is none')
  mkdirSync(join(dir, 'control/locals'))
  t.equal(await run(dir, MESSAGE, ENVELOPE), 55, 'locals is a directory')
  rmSync(join(dir, 'control/locals'), { recursive: true })
  rmSync(join(dir, 'control/me'))
  t.equal(await run(dir, MESSAGE, ENVELOPE), 55, 'neither locals nor me')
  t.same(all(dir), [1, 1, 0, 0])
})

t.test('a full disk', async (t) => {
  const dir = home()
  const limited = (blocks: number) => ['/bin/sh', '-c', `ulimit -f ${blocks}; exec "${PROGRAM}"`]
  t.equal(await run(dir, 'x'.repeat(100_000), ENVELOPE, limited(8)), 53, 'the temporary file')
  t.equal(await run(dir, 'x'.repeat(4096), ENVELOPE, limited(8)), 53, 'the file in the Maildir')
  t.same(all(dir), [0, 0, 0, 0])
  t.equal(await run(dir, 'x'.repeat(3000), ENVELOPE, limited(8)), 0)
})

t.test('killed at any time: whole files or none', async (t) => {
  const dir = home()
  const text = `Subject: hi\n\n${'0123456789\n'.repeat(100_000)}`
  let killed = 0
  for (let i = 0; i < 15; i++) {
    const child = start(dir)
    const end = ended(child)
    message(child).end(text)
    envelope(child).end(ENVELOPE)
    setTimeout(() => child.kill('SIGKILL'), 2 + 2 * i)
    if ((await end) === 'SIGKILL') killed++
  }
  t.ok(killed > 0, `${killed} of 15 were killed`)
  for (const file of [...files(dir, 'a/new'), ...files(dir, 'b/new')])
    if (!file.endsWith(text)) t.fail('a file in new is not whole')
})

t.test('memory does not grow with the message', { skip: process.platform !== 'linux' }, async (t) => {
  const dir = home()
  const child = start(dir)
  const piece = Buffer.alloc(1 << 20, 'x\n')
  let top = 0
  for (let i = 0; i < 80; i++) {
    if (!message(child).write(piece)) await new Promise((done) => message(child).once('drain', done))
    if (i === 20 || i === 79) {
      const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1])
      if (top > 0) t.ok(peak - top < 16384, `${peak - top} KB more after 80 MB than after 20 MB`)
      top = peak
    }
  }
  const end = ended(child)
  message(child).end()
  envelope(child).end('Fs@x\0Tx@d\0\0')
  t.equal(await end, 31)
})
