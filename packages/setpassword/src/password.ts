/** Reads the new password from descriptor 0, from a terminal twice and without echo. */
import { EINTR, fatal, LF, POLLIN, Reader, SIGHUP, SIGINT, SIGQUIT, SIGTERM, sys, Writer } from '@moreqmail/unix'
import { faultOf, isSame, MAX_PASSWORD } from './rules.ts'

const REFUSED = 100
const TEMPORARY = 111

/** The new password. Whoever has used it overwrites it. Ends the program if there is none that can be taken. */
export function readPassword(): Uint8Array {
  // With echo switched on, which changes nothing yet: only a terminal can.
  const password = sys.echo(0, 1) === 0 ? askTwice() : readLine(new Reader(0, { size: MAX_PASSWORD + 1, failed }))
  const fault = faultOf(password)
  if (fault !== undefined) fatal(REFUSED, fault)
  return password
}

function failed(errno: number): never {
  fatal(TEMPORARY, 'unable to read the password', errno)
}

function askTwice(): Uint8Array {
  // Caught, so that whoever gives up has echo again.
  const signals = sys.sigpipe(Int32Array.of(SIGHUP, SIGINT, SIGQUIT, SIGTERM))
  if (signals < 0) fatal(TEMPORARY, 'unable to catch signals', signals)
  const echo = (): void => {
    sys.echo(0, 1)
  }
  const waiting = (): void => {
    const polled = Int32Array.of(0, POLLIN, 0, signals, POLLIN, 0)
    while (sys.poll(polled, 2, -1) === -EINTR);
    if (polled[5] === 0) return
    echo()
    fatal(TEMPORARY, 'interrupted')
  }
  const failedWithoutEcho = (errno: number): never => {
    echo()
    failed(errno)
  }
  const reader = new Reader(0, { size: MAX_PASSWORD + 1, waiting, failed: failedWithoutEcho })
  const errno = sys.echo(0, 0)
  if (errno < 0) fatal(TEMPORARY, 'unable to switch echo off', errno)
  const first = ask(reader, 'New password: ')
  const second = faultOf(first) === undefined ? ask(reader, 'Once more: ') : first
  echo()
  reader.wipe()
  if (!isSame(first, second)) fatal(REFUSED, 'the passwords differ')
  if (second !== first) second.fill(0)
  return first
}

function ask(reader: Reader, prompt: string): Uint8Array {
  const out = new Writer(2)
  out.puts(prompt)
  out.flush()
  const answer = readLine(reader)
  out.puts('\n')
  out.flush()
  return answer
}

/** A copy of the bytes up to LF or to the end; of an overlong line the start only, which is overlong too. */
function readLine(reader: Reader): Uint8Array {
  while (!reader.buffered.includes(LF) && reader.more());
  const lf = reader.buffered.indexOf(LF)
  const line = reader.buffered.slice(0, lf < 0 ? undefined : lf)
  reader.buffered.fill(0, 0, line.length)
  reader.consume(lf < 0 ? line.length : line.length + 1)
  return line
}
