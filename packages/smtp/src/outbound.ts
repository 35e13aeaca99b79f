/**
 * How a message with LF line ends becomes what follows DATA (RFC 5321 4.1.1.4, 4.5.2) or RETR (RFC 1939 section 3): line
 * ends, leading dots. Pure.
 */
import { CR, DOT, LF } from '@moreqmail/unix/bytes'

/** Runs at least this long are copied by the engine; for shorter ones the call would cost more than the copy. */
const LONG_RUN = 64

/** What ends a line of the message: each of LF, CR and CR LF, so that CR CR LF ends two; or LF alone. */
export type LineEnds = 'any' | 'lf'

/**
 * Turns a message, piece by piece, into its form on the wire. A dot that begins a line is doubled: no text can be taken
 * for the end of the message.
 */
export class OutboundText {
  /** What `convert` and `end` have made: the first `length` bytes, good until the next `convert`. */
  readonly bytes: Uint8Array
  length = 0
  #lineStart = true
  #afterCR = false
  readonly #crEnds: boolean

  /** For pieces of at most so many bytes. */
  constructor(piece: number, lineEnds: LineEnds = 'any') {
    this.bytes = new Uint8Array(2 * piece + 3)
    this.#crEnds = lineEnds === 'any'
  }

  /** True if nothing but whole lines has come; a final CR counts as a line end. */
  get whole(): boolean {
    return this.#lineStart
  }

  /** Converts the first `to` bytes of a piece; replaces what was there. */
  convert(piece: Uint8Array, to: number): void {
    const out = this.bytes
    let size = 0
    // The CR of a CR LF cut in two has already been written as a line end.
    let at = to > 0 && this.#afterCR && piece[0] === LF ? 1 : 0
    let lf = find(piece, LF, at, to)
    let cr = this.#crEnds ? find(piece, CR, at, to) : to
    while (at < to) {
      const end = Math.min(lf, cr)
      if (this.#lineStart && piece[at] === DOT) out[size++] = DOT
      if (end - at < LONG_RUN) while (at < end) out[size++] = piece[at++] as number
      else {
        out.set(piece.subarray(at, end), size)
        size += end - at
        at = end
      }
      this.#lineStart = end < to
      if (end === to) break
      out[size++] = CR
      out[size++] = LF
      at = end === cr && lf === cr + 1 ? end + 2 : end + 1
      if (lf < at) lf = find(piece, LF, at, to)
      if (cr < at) cr = find(piece, CR, at, to)
    }
    if (to > 0) this.#afterCR = this.#crEnds && piece[to - 1] === CR
    this.length = size
  }

  /** Adds the line that ends the message. */
  end(): void {
    this.bytes[this.length++] = DOT
    this.bytes[this.length++] = CR
    this.bytes[this.length++] = LF
  }
}

/** Where the byte is next, `to` if it isn't there. */
function find(piece: Uint8Array, byte: number, from: number, to: number): number {
  const at = piece.indexOf(byte, from)
  return at < 0 || at > to ? to : at
}
