/** The connection to the client: its two buffers, and how the program ends when it fails. */
import { exit, Reader, Writer } from '@moreqmail/unix'

const TIMEOUT = '451 timeout (#4.4.2)'

export interface Client {
  readonly input: Reader
  readonly output: Writer
}

const gone = (): never => exit(1)

/** Opens the way to the client, descriptor 1, where no wait is longer than so many seconds. */
export function openOutput(timeout: number): Writer {
  return new Writer(1, { timeout, timedOut: gone, failed: gone })
}

/** Opens the connection on descriptors 0 and 1, where no wait is longer than so many seconds. */
export function openClient(timeout: number): Client {
  const output = openOutput(timeout)
  const input = new Reader(0, {
    timeout,
    waiting: () => output.flush(),
    timedOut: () => dismiss(output, TIMEOUT),
    failed: gone,
  })
  return { input, output }
}

/** The last reply: exit code 1. */
export function dismiss(output: Writer, reply: string): never {
  output.puts(`${reply}\r\n`)
  output.flush()
  exit(1)
}
