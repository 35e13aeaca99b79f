/** Leads a client to its login: reads its lines, answers, starts TLS, and lets checkpassword decide. */
import { withoutCr } from '@moreqmail/smtp/command'
import { type Descriptors, startTls } from '@moreqmail/ucspi-tls'
import { env, environment, LF, note, Reader, sys, visible, Writer } from '@moreqmail/unix'
import type { Credentials } from './credentials.ts'
import { logIn } from './login.ts'
import { type Dialogue, type Fault, faultReply, type Name } from './protocol.ts'

/** Longer lines are thrown away: 12288 bytes of base64 (RFC 4954 section 4) and more than enough for the verb. */
const MAX_LINE = 16384

/** Ends the program with this code. */
export type Leave = (code: number) => never

/** A line of the log. */
export function log(text: string): void {
  note(`authup ${sys.getpid()} ${text}`)
}

/** The way to the client, where no wait is longer than so many seconds. */
export function openOutput(timeout: number, leave: Leave): Writer {
  const gone = (): never => leave(1)
  return new Writer(1, { timeout, timedOut: gone, failed: gone })
}

/** Tells the client what has gone wrong, and ends the program. */
export function dismiss(output: Writer, protocol: Name, fault: Fault, leave: Leave): never {
  output.puts(`${faultReply(protocol, fault)}\r\n`)
  output.flush()
  leave(1)
}

export interface Connection {
  readonly output: Writer
  /** Seconds that one wait for the client may last. */
  readonly timeout: number
  /** For TLS; undefined if it can't be had. */
  readonly descriptors: Descriptors | undefined
  /** checkpassword, and what it is to run. */
  readonly prog: readonly string[]
  /** How many logins may fail. */
  readonly tries: number
  readonly leave: Leave
}

/** Greets the client and goes on until it has been served, or has to go. */
export function converse(dialogue: Dialogue, connection: Connection): never {
  const { output, timeout, descriptors, prog } = connection
  const leave: Leave = connection.leave
  const fail: (fault: Fault) => never = (fault) => dismiss(output, dialogue.protocol, fault, leave)
  // Whoever serves the client after the login finds all that it has sent behind it.
  const input = new Reader(0, {
    size: MAX_LINE + 2,
    stopAt: LF,
    timeout,
    waiting: () => output.flush(),
    timedOut: () => fail('alarm'),
    failed: () => fail('read'),
  })
  let left = connection.tries
  const attempt = (credentials: Credentials): void => {
    let child = 0
    output.flush()
    const verdict = logIn(prog, credentials, dialogue.timestamp, (pid, name) => {
      child = pid
      log(`checkpassword ${child} attempt for ${visible(name)}${whence()}`)
    })
    if ('fault' in verdict) fail(verdict.fault)
    if ('over' in verdict) {
      log(`checkpassword ${child} succeeded, child completed`)
      leave(verdict.over)
    }
    left--
    log(`checkpassword ${child} failed, ${left} remaining`)
    if (left === 0) fail(verdict.refused)
    say(verdict.refused)
  }
  const say = (fault: Fault): void => output.puts(`${faultReply(dialogue.protocol, fault)}\r\n`)
  output.puts(`${dialogue.greeting}\r\n`)
  for (;;) {
    const line = lineOf(input)
    if (line === 'eof') fail('read')
    const step = dialogue.take(line)
    input.wipe()
    if ('login' in step) attempt(step.login)
    else if ('fault' in step) say(step.fault)
    else {
      output.puts(`${step.reply}\r\n`)
      if (step.next !== undefined) output.flush()
      if (step.next === 'end') leave(0)
      if (step.next === 'tls') {
        // From here on the connection belongs to who does TLS: nothing is said in the clear if it fails.
        if (descriptors === undefined || !startTls(descriptors, environment(), { timeout })) leave(1)
        input.switchTo(0)
        dialogue.startOver()
        log('negotiated TLS')
      }
    }
  }
}

/** The next line without its end. */
function lineOf(input: Reader): Uint8Array | 'eof' | 'long' {
  const line = input.line()
  if (typeof line === 'string') return line
  const text = withoutCr(line)
  return text.length > MAX_LINE ? 'long' : text
}

/** Where the client is, for the log. */
function whence(): string {
  const ip = env('TCP6REMOTEIP') || env('TCPREMOTEIP')
  return ip ? ` from ${visible(ip)}` : ''
}
