/** What the header of a message says about its way so far. Pure. */
import { LF, latin1, lower } from '@moreqmail/unix/bytes'

/** So many Received and Delivered-To lines are a loop. */
export const MAX_HOPS = 100

/** Enough of a line to tell the longest Delivered-To line apart from all others. */
const KEPT = 1100

const RECEIVED = 'received:'
const DELIVERED = 'delivered-to: '
const R = 114
const D = 100

/** Counts hops and keeps the Delivered-To lines of a message that comes in pieces; what follows the header is ignored. */
export class HeaderScan {
  readonly #line = new Uint8Array(KEPT)
  readonly #delivered = new Set<string>()
  #length = 0
  #hops = 0
  #over = false

  /** True if there are too many Received and Delivered-To lines. */
  get tooManyHops(): boolean {
    return this.#hops >= MAX_HOPS
  }

  /** True if the header has a line that names this address, ASCII case ignored, as the one it was delivered to. */
  deliveredTo(address: string): boolean {
    return this.#delivered.has(lower(address.replaceAll('\n', '_')))
  }

  /** Takes the next bytes of the message. */
  take(bytes: Uint8Array): void {
    let at = 0
    while (!this.#over && at < bytes.length) {
      const lf = bytes.indexOf(LF, at)
      const end = lf < 0 ? bytes.length : lf
      const piece = bytes.subarray(at, Math.min(end, at + KEPT - this.#length))
      this.#line.set(piece, this.#length)
      this.#length += piece.length
      if (lf < 0) return
      this.#endOfLine()
      at = lf + 1
    }
  }

  /** The message has ended; its last line counts without LF too. */
  end(): void {
    if (!this.#over && this.#length > 0) this.#endOfLine()
    this.#over = true
  }

  #endOfLine(): void {
    const length = this.#length
    this.#length = 0
    if (length === 0) this.#over = true
    const first = (this.#line[0] ?? 0) | 32
    if (length === 0 || (first !== R && first !== D)) return
    const line = lower(latin1(this.#line, 0, length))
    if (line.startsWith(DELIVERED) && length < KEPT) this.#delivered.add(line.slice(DELIVERED.length))
    if (line.startsWith(RECEIVED) || line.startsWith('delivered-to:')) this.#hops++
    if (this.tooManyHops) this.#over = true
  }
}
