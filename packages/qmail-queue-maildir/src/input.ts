/** Takes over what the caller hands in: the message into a file, then the envelope. */
import { type Envelope, EnvelopeParser } from '@moreqmail/queue/envelope'
import { exit, now, POLLIN, ready, sys, temporaryFile, Writer } from '@moreqmail/unix'
import { BAD_ENVELOPE, LONG_ADDRESS, NO_MEMORY, READ, TIMEOUT, WRITE } from './codes.ts'
import type { HeaderScan } from './header.ts'

const NO_ENVELOPE = { more: READ, letter: BAD_ENVELOPE, long: LONG_ADDRESS, many: NO_MEMORY } as const

/** Hands every piece that the descriptor brings until its end, or until it is enough, to `take`. */
function readAll(fd: number, until: number, take: (buffer: Uint8Array, length: number) => 'enough' | undefined): void {
  const buffer = new Uint8Array(65536)
  for (;;) {
    if (!ready(fd, POLLIN, Math.max(0, until - now()) / 1000)) exit(TIMEOUT)
    const n = sys.read(fd, buffer, 0, buffer.length)
    if (n < 0) exit(READ)
    if (n === 0 || take(buffer, n) === 'enough') return
  }
}

/** Copies the message into a temporary file, its descriptor, and has its header looked at; `until` ends our patience. */
export function takeMessage(fd: number, until: number, header: HeaderScan): number {
  const file = temporaryFile()
  if (file < 0) exit(WRITE)
  const out = new Writer(file, { failed: () => exit(WRITE) })
  readAll(fd, until, (buffer, length) => {
    if (!header.over) header.take(buffer.subarray(0, length))
    out.put(buffer, 0, length)
    return undefined
  })
  out.flush()
  header.end()
  return file
}

/** Reads the envelope; whatever is wrong with it ends the program. */
export function takeEnvelope(fd: number, until: number): Envelope {
  const parser = new EnvelopeParser()
  let progress = parser.take(new Uint8Array(0))
  readAll(fd, until, (buffer, length) => {
    progress = parser.take(buffer.subarray(0, length))
    return progress === 'more' ? undefined : 'enough'
  })
  return progress === 'complete' ? parser.envelope : exit(NO_ENVELOPE[progress])
}
