/** Stands between the client and the server until TLS has begun or is given up; from then on it only carries bytes. */
import { DESCRIPTOR_NAMES, type Descriptors, startTls } from '@moreqmail/ucspi-tls'
import { EINTR, environment, exit, fatal, LF, latin1, POLLIN, Reader, sys, Writer } from '@moreqmail/unix'
import { actOn, NOT_RESET, offerStartTls, READY, replyLine } from './proxy.ts'
import { relay } from './relay.ts'

/** Seconds without a word from where one is due. */
const PATIENCE = 300

/** The longest line of a client, its end included. */
const MAX_CLIENT_LINE = 1023
/** The longest line of the server, and the longest reply to EHLO. */
const MAX_SERVER_LINE = 8192
const MAX_HELLO = 65536

const NO_SMTP = 100
const TROUBLE = 111
const TIMED_OUT = 99

interface Sides {
  readonly client: { readonly input: Reader; readonly output: Writer }
  readonly server: { readonly fd: number; readonly input: Reader; readonly output: Writer }
}

/** Serves the client on 0 and 1 with the server's replies, which come from one descriptor; commands go to the other. */
export function standBetween(descriptors: Descriptors, from: number, to: number): never {
  sys.keep(from, 0)
  sys.keep(to, 0)
  const sides: Sides = {
    client: side(0, 1, MAX_CLIENT_LINE, 'client'),
    server: { fd: from, ...side(from, to, MAX_SERVER_LINE, 'server') },
  }
  const { client, server } = sides
  const how = converse(sides)
  if (how === 'tls') {
    if (!startTls(descriptors, environment(), { timeout: PATIENCE })) exit(1)
  } else {
    for (const fd of new Set(Object.values(descriptors))) if (fd > 2) sys.close(fd)
    for (const name of DESCRIPTOR_NAMES) environment().set(name, undefined)
  }
  relay({ from: 0, to, first: client.input.buffered }, { from, to: 1, first: server.input.buffered })
}

function side(from: number, to: number, size: number, name: string): Sides['client'] {
  const timedOut = (): never => fatal(TIMED_OUT, `timed out waiting for the ${name}`)
  return {
    input: new Reader(from, {
      size,
      timeout: PATIENCE,
      timedOut,
      failed: (errno) => fatal(TROUBLE, `unable to read from the ${name}`, errno),
    }),
    output: new Writer(to, {
      timeout: PATIENCE,
      timedOut,
      failed: (errno) => fatal(TROUBLE, `unable to write to the ${name}`, errno),
    }),
  }
}

/**
 * Passes commands and replies on, one at a time, so that all replies are in order. Returns when the client is about to
 * start TLS or has sent the first command of a session without it.
 */
function converse(sides: Sides): 'tls' | 'plain' {
  const { client } = sides
  answer(sides, reply(sides))
  for (;;) {
    const line = clientLine(sides)
    const act = actOn(line, client.input.buffered.length === 0)
    if (act === 'give up') {
      command(sides, line)
      return 'plain'
    }
    if (act === 'start tls') {
      command(sides, 'RSET\r\n')
      if (replyLine(reply(sides)[0] ?? '')?.kind === '2') {
        answer(sides, [`${READY}\r\n`])
        return 'tls'
      }
      answer(sides, [`${NOT_RESET}\r\n`])
    } else if (typeof act === 'object') answer(sides, [`${act.reply}\r\n`])
    else {
      command(sides, line)
      const lines = reply(sides)
      answer(sides, act === 'hello' ? offerStartTls(lines) : lines)
    }
  }
}

function command({ server }: Sides, line: string): void {
  server.output.puts(line)
  server.output.flush()
}

function answer({ client }: Sides, lines: readonly string[]): void {
  for (const line of lines) client.output.puts(line)
  client.output.flush()
}

/** The next line of the client, with its end. What the server says meanwhile of its own accord goes to the client. */
function clientLine(sides: Sides): string {
  const { input } = sides.client
  for (;;) {
    const lf = input.buffered.indexOf(LF)
    if (lf >= 0) {
      const line = latin1(input.buffered, 0, lf + 1)
      input.consume(lf + 1)
      return line
    }
    if (input.buffered.length >= MAX_CLIENT_LINE) exit(1)
    if (serverSpeaks(sides)) answer(sides, reply(sides))
    else if (!input.more()) exit(0)
  }
}

/** Waits for either side: true if it is the server that has something to say, or that has gone. */
function serverSpeaks({ server }: Sides): boolean {
  if (server.input.buffered.length > 0) return true
  const poll = new Int32Array([server.fd, POLLIN, 0, 0, POLLIN, 0])
  const count = sys.poll(poll, 2, PATIENCE * 1000)
  if (count === 0) fatal(TIMED_OUT, 'timed out waiting for the client')
  return count !== -EINTR && poll[2] !== 0
}

/** A whole reply of the server, its lines with their ends. When the server has gone, that is the end. */
function reply({ server }: Sides): readonly string[] {
  const lines: string[] = []
  for (let length = 0; length <= MAX_HELLO; ) {
    const line = server.input.line()
    if (line === 'eof') exit(0)
    const text = line === 'long' ? '' : `${latin1(line)}\n`
    const parsed = replyLine(text)
    if (parsed === undefined) break
    lines.push(text)
    if (parsed.last) return lines
    length += text.length
  }
  fatal(NO_SMTP, 'the server does not speak SMTP')
}
