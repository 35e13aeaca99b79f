/** Takes over what the caller hands in: the message into a file, then the envelope. */
import { type Envelope, EnvelopeParser } from '@moreqmail/queue/envelope'
import { exit, now, POLLIN, ready, sys, temporaryFile, Writer } from '@moreqmail/unix'
import { BAD_ENVELOPE, LONG_ADDRESS, NO_MEMORY, READ, TIMEOUT, WRITE } from './codes.ts'

const NO_ENVELOPE = { more: READ, letter: BAD_ENVELOPE, long: LONG_ADDRESS, many: NO_MEMORY } as const

/** Gives the pieces that the descriptor brings until its end; `until` is the end of our patience. */
function* pieces(fd: number, until: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(65536)
  for (;;) {
    if (!ready(fd, POLLIN, Math.max(0, until - now()) / 1000)) exit(TIMEOUT)
    const n = sys.read(fd, buffer, 0, buffer.length)
    if (n < 0) exit(READ)
    if (n === 0) return
    yield buffer.subarray(0, n)
  }
}

/** Copies the message into a temporary file, its descriptor, and shows each piece to `look`. */
export function takeMessage(fd: number, until: number, look: (piece: Uint8Array) => void): number {
  const file = temporaryFile()
  if (file < 0) exit(WRITE)
  const out = new Writer(file, { failed: () => exit(WRITE) })
  for (const piece of pieces(fd, until)) {
    look(piece)
    out.put(piece)
  }
  out.flush()
  return file
}

/** Reads the envelope; whatever is wrong with it ends the program. */
export function takeEnvelope(fd: number, until: number): Envelope {
  const parser = new EnvelopeParser()
  for (const piece of pieces(fd, until)) {
    const progress = parser.take(piece)
    if (progress === 'complete') return parser.envelope
    if (progress !== 'more') exit(NO_ENVELOPE[progress])
  }
  exit(NO_ENVELOPE.more)
}
