/** The connection to the client: its two buffers, and how the program ends when it fails. */
import { exit, Reader, Writer } from '@moreqmail/unix'

/** Exit codes of what ends a session early. */
export interface Endings {
  /** The client has gone, or takes nothing more. */
  readonly gone: number
  /** Nothing has come for too long: what is said then, nothing if undefined. */
  readonly timeout: { readonly reply: string | undefined; readonly exit: number }
  /** The server can't go on, or does not want to. */
  readonly failed: number
}

/** Endings of a server that nobody waits for. */
export const PLAIN_ENDINGS: Endings = { gone: 1, timeout: { reply: '451 timeout (#4.4.2)', exit: 1 }, failed: 1 }

export interface Client {
  readonly input: Reader
  readonly output: Writer
  readonly endings: Endings
}

/** Opens the way to the client, descriptor 1, where no wait is longer than so many seconds. */
export function openOutput(timeout: number, { gone }: Endings): Writer {
  const leave = (): never => exit(gone)
  return new Writer(1, { timeout, timedOut: leave, failed: leave })
}

/** Opens the connection on descriptors 0 and 1, where no wait is longer than so many seconds. */
export function openClient(timeout: number, endings: Endings): Client {
  const output = openOutput(timeout, endings)
  const input = new Reader(0, {
    timeout,
    waiting: () => output.flush(),
    timedOut: () => dismiss(output, endings.timeout.reply, endings.timeout.exit),
    failed: () => exit(endings.gone),
  })
  return { input, output, endings }
}

/** Ends the program with a last reply, if there is one. */
export function dismiss(output: Writer, reply: string | undefined, code: number): never {
  if (reply !== undefined) output.puts(`${reply}\r\n`)
  output.flush()
  exit(code)
}
