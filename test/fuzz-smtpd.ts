/**
 * Random sessions with qmail-smtpd as it is installed, each held against the session of packages/smtp run here over the
 * same bytes. FUZZ_SECONDS=n goes on for so long.
 *
 * What has to hold: the program ends by itself, with exit code 0 after QUIT and 1 without; its replies are those of the
 * model, one for each command, however the bytes are cut; the queue program has each message that was taken, byte for
 * byte and with its envelope, and no envelope of one that was not; memory does not grow with what is sent.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  type Decision,
  MAX_HOPS,
  newBody,
  newSession,
  type Policy,
  serve,
  TOO_BIG,
  unstuff,
} from '@moreqmail/smtp/server'
import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { fuzz, holds, type Random, same } from './lib/fuzz.ts'

const PROGRAM = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'qmail-smtpd')
const DATABYTES = 500
const MAX_LINE = 65536
const LIMIT_MS = 20_000

const PIECES = [
  'EHLO x\r\n',
  'HELO \xff\r\n',
  'MAIL FROM:<a@b>\r\n',
  'mail <> SIZE=9 BODY=8bitmime\r\n',
  'MAIL FROM:<"a b"@c> SIZE=501\r\n',
  'RCPT TO:<c@d>\r\n',
  'RCPT TO:<c@d>\r\n',
  'RCPT TO:<@x:e@[127.0.0.1]>\n',
  'RCPT TO:<c@d> X=y\r\n',
  'DATA\r\n',
  'DATA\r\n.\r\n',
  'Subject: x\r\n\r\nbody\r\n.\r\n',
  '..dots\r\n.x\r\n.\r\n',
  'RSET\r\n',
  'NOOP\r\nVRFY\r\nHELP\r\n',
  'STARTTLS\r\n',
  'QUIT\r\n',
  'QUIT\n',
  '\r\n',
  '\n',
  '\r',
  '\0',
  '.',
  ' ',
  '\xff\xfe',
  `${'x'.repeat(200)}\r\n`,
  `Received: ${'y'.repeat(400)}\r\n`,
  'Received:\r\n'.repeat(100),
]

/** What a session has come to. */
interface Outcome {
  readonly code: number
  /** Replies, all that differs from run to run taken out. */
  readonly replies: string
  /** Envelope and body of each message that was taken. */
  readonly queued: ReadonlyArray<readonly [string, string]>
}

/** The session by the model. */
function model(text: string): Outcome {
  let at = 0
  let replies = '220 mx ESMTP\r\n'
  const queued: Array<readonly [string, string]> = []
  const accept = (text: string): Decision => ({ accept: text })
  const policy: Policy = {
    helo: accept,
    rewrite: (address) => (address.endsWith('@[127.0.0.1]') ? address.replace(/@[^@]*$/, '@mx') : address),
    mail: accept,
    rcpt: (recipient) =>
      recipient.endsWith('@d') || recipient.endsWith('@mx') || !recipient.includes('@')
        ? accept(recipient)
        : { refuse: "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)" },
    data: () => accept(''),
    message: (_, { sender, recipients }) => {
      replies += '354 go ahead\r\n'
      const body = newBody()
      const chunk = bytes(text.slice(at))
      const { taken, stored } = unstuff(body, chunk)
      at += taken
      if (body.state === 'stray') return { refuse: '451 See https://cr.yp.to/docs/smtplf.html.', exit: 1 }
      if (body.state === 'open') return { refuse: undefined, exit: 1 }
      if (body.hops >= MAX_HOPS) return { refuse: '554 too many hops, this message is looping (#5.4.6)' }
      if (body.size > DATABYTES) return { refuse: TOO_BIG }
      const envelope = `F${sender}\0${recipients.map((recipient) => `T${recipient}\0`).join('')}\0`
      queued.push([envelope, latin1(chunk, 0, stored)])
      return { accept: '250 ok' }
    },
    rset: () => undefined,
    startTls: () => undefined,
  }
  const input = {
    line: () => {
      const lf = text.indexOf('\n', at)
      if (lf < 0) return 'eof'
      const line = text.slice(at, lf)
      at = lf + 1
      return line.length >= MAX_LINE ? 'long' : bytes(line)
    },
    discard: () => undefined,
  } as const
  const output = {
    puts: (reply: string) => {
      replies += reply
    },
    flush: () => undefined,
  }
  const settings = { greeting: 'mx', databytes: BigInt(DATABYTES), smtputf8: false, nul: 'cut', tls: 'none' } as const
  const end = serve(newSession({ ...settings, tlsUsable: false }, policy), input, output)
  return { code: end === 'eof' ? 1 : end, replies, queued }
}

/** The qmail home, with a queue program that keeps all it gets. */
function home(): string {
  const dir = mkdtempSync(join(tmpdir(), 'fuzz-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'control'))
  mkdirSync(join(dir, 'queue'))
  const control = { me: 'mx', rcpthosts: 'd\nmx', databytes: `${DATABYTES}` }
  for (const [name, value] of Object.entries(control)) writeFileSync(join(dir, 'control', name), `${value}\n`)
  writeFileSync(join(dir, 'keep'), '#!/bin/sh\ncat >queue/$$.message\ncat <&1 >queue/$$.envelope\n')
  chmodSync(join(dir, 'keep'), 0o755)
  return dir
}

/** What is in the queue, in the order of `ids`; empties it. */
function takeQueue(dir: string, ids: readonly string[]): ReadonlyArray<readonly [string, string]> {
  const queue = join(dir, 'queue')
  const read = (name: string) => readFileSync(join(queue, name), 'latin1')
  const complete = readdirSync(queue).filter((name) => name.endsWith('.envelope') && read(name).endsWith('\0\0'))
  const known = ids.filter((id) => complete.includes(`${id}.envelope`))
  const all = known.map((id) => [read(`${id}.envelope`), read(`${id}.message`)] as const)
  for (const name of readdirSync(queue)) rmSync(join(queue, name))
  return complete.length === known.length ? all : [...all, ['an envelope that was not answered for', '']]
}

function start(dir: string): ChildProcess {
  const env = { PATH: '/usr/bin:/bin', QMAILHOME: dir, QMAILQUEUE: 'keep', TCPREMOTEIP: '192.0.2.1' }
  return spawn(PROGRAM, { env, stdio: ['pipe', 'pipe', 'inherit'] })
}

/** The session with the program. */
async function real(dir: string, pieces: readonly string[]): Promise<Outcome> {
  const child = start(dir)
  const timer = setTimeout(() => child.kill('SIGABRT'), LIMIT_MS)
  let output = ''
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString('latin1')
  })
  child.stdin?.on('error', () => undefined)
  const ended = new Promise<number>((done) => child.on('close', (code) => done(code ?? -1)))
  for (const piece of pieces) {
    child.stdin?.write(piece, 'latin1')
    if (pieces.length < 100) await new Promise(setImmediate)
  }
  child.stdin?.end()
  const code = await ended
  clearTimeout(timer)
  const done = /^250 ok \d+ qp (\d+)\r$/gm
  const ids = [...output.matchAll(done)].map(([, id]) => id ?? '')
  const queued = takeQueue(dir, ids).map(([envelope, message]) => {
    const [trace] = /^Received: from unknown [^\n]*\n {2}by unknown with SMTP; [^\n]*\n/.exec(message) ?? ['']
    return [envelope, trace === '' ? 'no trace line' : message.slice(trace.length)] as const
  })
  return { code, replies: output.replace(done, '250 ok\r'), queued }
}

const BODY = ['\r\n', '\r\n', 'Subject: x\r\n', '.', '\r', '\0', '\xff', 'x', '\r\n..\r\n', 'delivered-to: y\r\n']

/** A message from MAIL on, mostly a good one. */
function transaction(random: Random): string {
  const recipients = 'RCPT TO:<c@d>\r\n'.repeat(1 + random.int(3))
  return `MAIL FROM:<a@b>\r\n${recipients}DATA\r\n${random.join(BODY, 40)}${random.once(9) ? '\n' : '\r\n'}.\r\n`
}

/** A session, partly of commands that belong together. */
function session(random: Random): string {
  if (random.once(20)) return `${'z'.repeat(65530 + random.int(12))}\r\n${random.join(PIECES, 10)}`
  const blocks = Array.from({ length: 1 + random.int(5) }, () =>
    random.once(2) ? transaction(random) : random.join(PIECES, 9),
  )
  return `${blocks.join('')}${random.once(2) ? '' : 'QUIT\r\n'}`
}

t.setTimeout(0)

t.test('qmail-smtpd', async (t) => {
  t.setTimeout(0)
  const dir = home()
  await fuzz(t, 300, async (random) => {
    const text = session(random)
    same(await real(dir, random.cut(text)), model(text), 'session', text)
  })
})

t.test('memory', { skip: process.platform !== 'linux' && 'needs Linux' }, async (t) => {
  t.setTimeout(0)
  const dir = home()
  const floods: ReadonlyArray<readonly [what: string, megabytes: number, first: string, piece: string]> = [
    ['a line without end', 60, '', 'x'.repeat(65536)],
    ['commands', 3, '', 'NOOP\r\n'.repeat(10_000)],
    ['transactions', 9, '', 'MAIL <a@b>\r\nRCPT <c@d>\r\n'.repeat(2000)],
    ['a message', 60, 'MAIL <a@b>\r\nRCPT <c@d>\r\nDATA\r\n', `${'y'.repeat(70)}\r\n`.repeat(1000)],
    ['a message of one line', 60, 'MAIL <a@b>\r\nRCPT <c@d>\r\nDATA\r\n', 'y'.repeat(65536)],
  ]
  for (const [what, megabytes, first, piece] of floods) {
    const child = start(dir)
    child.stdout?.resume()
    child.stdin?.on('error', () => undefined)
    const ended = new Promise((done) => child.on('close', done))
    child.stdin?.write(first)
    const peaks: number[] = []
    const all = megabytes * 1_000_000
    for (let sent = 0; sent < all; sent += piece.length) {
      if (child.stdin?.write(piece) === false) await new Promise((done) => child.stdin?.once('drain', done))
      if (sent < all / 3 && sent + piece.length >= all / 3) peaks.push(peak(child))
    }
    peaks.push(peak(child))
    child.stdin?.end()
    await ended
    const [early = 0, late = 0] = peaks
    t.ok(
      late - early < 16_384 && late > 0,
      `${what}: ${late - early} KB more after ${megabytes} MB than after a third of it`,
    )
  }
})

/** The most memory a process has had, in KB. */
function peak(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1')
  const found = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
  holds(found > 0, 'memory is known', status)
  return found
}
