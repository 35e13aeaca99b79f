/** What submitting costs: the chain up to a login, and the rewriting of a message. */
import { chmodSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { sys } from '../packages/unix/src/index.ts'
import { begin, type Command, end, interleave, kilobytes, listening, pipe, ratio, row, time } from './measure.ts'
import { BIN, env, home, put, swallow, text } from './scratch.ts'

const MIB = 1 << 20
const TRUE: Command = { argv: ['/bin/true'] }
const SIGTERM = 15

/** Changes the user as checkpassword does, and asks for no password: how long that takes is the administrator's choice. */
const CHECK: readonly string[] =
  process.getuid?.() !== 0
    ? [put('check', '#!/bin/sh\nexec 3<&-\nexec "$@"\n', 0o755)]
    : existsSync('/usr/bin/setuidgid')
      ? ['/usr/bin/setuidgid', 'nobody']
      : ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

const CHAIN: readonly string[] = [
  join(BIN, 'qmail-reup'),
  ...['-t', '5', join(BIN, 'qmail-authup'), 'smtp', ...CHECK],
  ...['checknotroot', 'qmail-ofmipd'].map((name) => join(BIN, name)),
]

const LOGIN = Buffer.from(`EHLO x\r\nAUTH PLAIN ${Buffer.from('\0user\0secret').toString('base64')}\r\n`)

/** Sends a login and reads until it is answered. */
function logIn(reading: number, writing: number): void {
  sys.write(writing, LOGIN, 0, LOGIN.length)
  let said = ''
  const buffer = new Uint8Array(4096)
  while (!said.includes('235 ')) {
    const n = sys.read(reading, buffer, 0, buffer.length)
    if (n <= 0) throw new Error(`no 235: ${said}`)
    said += Buffer.from(buffer.subarray(0, n)).toString('latin1')
  }
}

function readToEnd(fd: number): void {
  const buffer = new Uint8Array(4096)
  while (sys.read(fd, buffer, 0, buffer.length) > 0);
}

/** Milliseconds from the start of the chain to the 235 that the last program in it says. */
function login(): number {
  const [input, feed] = pipe()
  const [answers, output] = pipe()
  const began = sys.clock(1)
  const pid = begin({ argv: CHAIN, env, fds: { 0: input, 1: output } })
  sys.close(input)
  sys.close(output)
  logIn(answers, feed)
  const took = sys.clock(1) - began
  sys.close(feed)
  readToEnd(answers)
  sys.close(answers)
  end(pid)
  return took
}

/** The chain under one of our listeners, on a port that the system has chosen. */
function listen(program: string, ...options: readonly string[]): { readonly pid: number; readonly port: number } {
  const argv = [join(BIN, program), '-1RHl0', ...options, '127.0.0.1', '0', ...CHAIN]
  return listening({ argv, env: [...env, `CERTFILE=${resolve('test/cases/tls/local.pem')}`] })
}

/** A connection that has logged in. */
function connect(port: number): number {
  const fd = sys.socket(4, 0)
  if (sys.connect(fd, '127.0.0.1', port) < 0) throw new Error('not connected')
  logIn(fd, fd)
  return fd
}

/** Milliseconds from a connection to the 235. */
function loginAt(port: number): number {
  const began = sys.clock(1)
  const fd = connect(port)
  const took = sys.clock(1) - began
  const quit = Buffer.from('QUIT\r\n')
  sys.write(fd, quit, 0, quit.length)
  readToEnd(fd)
  sys.close(fd)
  return took
}

/** The pids of all below a process. */
function descendants(pid: number): number[] {
  const bytes = sys.slurp(`/proc/${pid}/task/${pid}/children`, 1 << 16)
  const text = typeof bytes === 'number' ? '' : Buffer.from(bytes).toString().trim()
  const children = text === '' ? [] : text.split(' ').map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

/** PSS of each of so many sessions that have logged in, and of the processes in each. */
function idle(listener: number, port: number, count: number): string {
  const fds = Array.from({ length: count }, () => connect(port))
  const pids = descendants(listener)
  const pss = pids.reduce((sum, pid) => sum + kilobytes(pid, 'smaps_rollup', 'Pss'), 0)
  for (const fd of fds) sys.close(fd)
  return `${(pss / 1024 / count).toFixed(2)} MB in ${pids.length / count} processes`
}

function logins(): void {
  // For whoever logs in.
  chmodSync(home, 0o755)
  const plain = listen('tcpserver', '-c200', '-b200')
  const tls = listen('sslserver', '-n', '-c200', '-b200')
  const [base = 0, chain = 0, underTcp = 0, underTls = 0] = interleave(
    21,
    () => time(TRUE),
    login,
    () => loginAt(plain.port),
    () => loginAt(tls.port),
  )
  row('qmail-reup ... qmail-ofmipd, spawn to 235', ratio(chain, base), '16 x /bin/true')
  row('the same under tcpserver, connection to 235', ratio(underTcp, base), '10 x /bin/true')
  row('the same under sslserver -n', ratio(underTls, base), '10 x /bin/true')
  row('PSS of each of 50 sessions logged in, without TLS', idle(plain.pid, plain.port, 50), 'reported')
  for (const { pid } of [plain, tls]) {
    sys.kill(pid, SIGTERM)
    end(pid)
  }
}

function sessions(): void {
  const quit = put('quit', 'QUIT\r\n')
  const one = put('one-message', message(Buffer.from('To: b@test.example\r\n\r\nhello\r\n')))
  const relay = [...env, 'RELAYCLIENT=']
  const [base = 0, nothing = 0, single = 0] = interleave(
    15,
    () => time(TRUE),
    () => time({ argv: [join(BIN, 'qmail-ofmipd')], env: relay, files: { 0: quit } }),
    () => time({ argv: [join(BIN, 'qmail-ofmipd')], env: relay, files: { 0: one } }),
  )
  row('qmail-ofmipd, QUIT', ratio(nothing, base), '')
  row('qmail-ofmipd, one message', ratio(single, base), '')
}

/** A session that submits this header and body. */
function message(content: Uint8Array): Buffer {
  const start = 'EHLO c.example\r\nMAIL FROM:<a@test.example>\r\nRCPT TO:<b@test.example>\r\nDATA\r\n'
  return Buffer.concat([Buffer.from(start), content, Buffer.from('.\r\nQUIT\r\n')])
}

function rewriting(): void {
  const relay = [...env, 'RELAYCLIENT=', `QMAILQUEUE=${swallow}`]
  const addresses = Array.from({ length: 100_000 }, (_, i) => `user${i}@host.example`).join(',\r\n ')
  const wide = put('wide', message(Buffer.from(`To: ${addresses}\r\n\r\nhello\r\n`)))
  const narrow = put('narrow', message(Buffer.from('To: b@test.example\r\n\r\nhello\r\n')))
  const big = put('body', message(Buffer.concat([Buffer.from('To: b@test.example\r\n\r\n'), text(10 * MIB, '\r\n')])))
  const run = (file: string) => () => time({ argv: [join(BIN, 'qmail-ofmipd')], env: relay, files: { 0: file } })
  const [list = 0, little = 0, body = 0] = interleave(7, run(wide), run(narrow), run(big))
  row('qmail-ofmipd, To with 100,000 addresses', `+${(list - little).toFixed(0)} ms`, '150 ms')
  row('qmail-ofmipd, 10 MiB of body', `${((10 * MIB) / 1e3 / (body - little)).toFixed(0)} MB/s`, '150 MB/s')
}

export function submission(): void {
  sessions()
  logins()
  rewriting()
}
