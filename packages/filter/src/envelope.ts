/** What an envelope says that can be read again and again, or only once. */
import { type Envelope, EnvelopeParser, type Progress } from '@moreqmail/queue/envelope'
import { type Errno, sys } from '@moreqmail/unix'

/** What is wrong with an envelope. */
export type EnvelopeFault = Exclude<Progress, 'complete'>

/** The bytes of an envelope that are looked at in one go. */
const PIECE = 65536

/** Fetches the bytes from an offset on: how many, 0 at the end, or a negative errno. */
type Fetch = (into: Uint8Array, at: number) => number

/**
 * The addresses in a file, read from its beginning; bytes behind the last NUL are ignored. `longest`: bytes that an
 * address may have.
 */
export function envelopeInFile(file: number, longest: number): Envelope | EnvelopeFault {
  const result = parse((into, at) => sys.pread(file, into, 0, into.length, at), longest)
  // Not even a cut one could be read.
  return typeof result === 'number' ? 'more' : result
}

/** The addresses that a descriptor brings; a negative errno if it can't be read. Otherwise as envelopeInFile. */
export function envelopeFrom(fd: number, longest: number): Envelope | EnvelopeFault | Errno {
  return parse((into) => sys.read(fd, into, 0, into.length), longest)
}

/** An envelope as it is written. */
export function encodeEnvelope({ sender, recipients }: Envelope): string {
  return `F${sender}\0${recipients.map((recipient) => `T${recipient}\0`).join('')}\0`
}

function parse(fetch: Fetch, longest: number): Envelope | EnvelopeFault | Errno {
  const buffer = new Uint8Array(PIECE)
  const parser = new EnvelopeParser(longest)
  let progress: Progress = 'more'
  for (let at = 0; progress === 'more'; ) {
    const n = fetch(buffer, at)
    if (n < 0) return n
    if (n === 0) break
    progress = parser.take(buffer.subarray(0, n))
    at += n
  }
  return progress === 'complete' ? parser.envelope : progress
}
