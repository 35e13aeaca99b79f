/** What the header of a message says about its way so far. Pure. */
import { latin1, lower } from '@moreqmail/unix/bytes'

/** So many Received and Delivered-To lines are a loop. */
export const MAX_HOPS = 100

/** Longer than any line that names an address. */
const LONG = 1100

/** The lines that count, each from the line feed before it: the empty one, and those with a name of interest. */
const LINE = new RegExp(`\\n(?:(?=(\\n))|received:|delivered-to:([^\\n]{0,${LONG}}))`, 'gi')

/** Counts hops and keeps the Delivered-To lines of a message that comes in pieces; what follows the header is ignored. */
export class HeaderScan {
  readonly #delivered = new Set<string>()
  /** The beginning of the line that is not complete, with a line feed before it. */
  #line = '\n'
  #hops = 0
  #over = false

  /** True once what follows no longer matters. */
  get over(): boolean {
    return this.#over
  }

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
    if (this.#over) return
    const text = this.#line + latin1(bytes)
    const last = text.lastIndexOf('\n')
    this.#scan(text.slice(0, last + 1))
    // Of a longer line the rest is of no interest, but for its end.
    this.#line = text.slice(last, last + LONG + 100)
  }

  /** The message has ended; its last line counts without a line feed too. */
  end(): void {
    if (!this.#over) this.#scan(`${this.#line}\n`)
    this.#over = true
  }

  /** Looks at whole lines, the first line feed being that before them. */
  #scan(lines: string): void {
    for (const [, empty, value] of lines.matchAll(LINE)) {
      if (empty === undefined) this.#hops++
      if (value?.startsWith(' ') && value.length < LONG) this.#delivered.add(lower(value.slice(1)))
      this.#over = empty !== undefined || this.tooManyHops
      if (this.#over) return
    }
  }
}
