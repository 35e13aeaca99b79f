/** Text that comes from its end to its beginning. Pure. */

/** So many lines are put together into one string. */
const BLOCK = 131072

/**
 * Parts of a text, and others, each put before what is there. Ranges that touch, with or without a space between them,
 * take no memory of their own.
 */
export class FromEnd {
  readonly #source: string
  #parts: string[] = []
  #from = 0
  #to = 0
  /** A space is to come before what is there. */
  #spaced = false

  /** Ranges are ranges of the source. */
  constructor(source: string) {
    this.#source = source
  }

  /** Puts a range of the source before what is there; `to` is where it ends. */
  range(from: number, to: number): void {
    const touches = this.#from !== this.#to && (this.#spaced ? this.#touchesSpaced(to) : to === this.#from)
    if (!touches) {
      this.#settle()
      this.#to = to
    }
    this.#from = from
    this.#spaced = false
  }

  /** Puts a text before what is there. */
  text(text: string): void {
    this.#settle()
    this.#parts.push(text)
  }

  /** Puts a space before what is there, unless that is nothing, or nothing comes before it. */
  space(): void {
    this.#spaced = this.#from !== this.#to || this.#parts.length > 0
  }

  /** What is there, which is then gone. */
  take(): string {
    this.#spaced = false
    if (this.#parts.length === 0) {
      const text = this.#source.slice(this.#from, this.#to)
      this.#from = this.#to = 0
      return text
    }
    this.#settle()
    const text = this.#parts.length === 1 ? this.#parts[0] : this.#parts.reverse().join('')
    this.#parts = []
    return text ?? ''
  }

  #touchesSpaced(to: number): boolean {
    return to + 1 === this.#from && this.#source[to] === ' '
  }

  #settle(): void {
    if (this.#from !== this.#to) this.#parts.push(this.#source.slice(this.#from, this.#to))
    this.#from = this.#to = 0
    if (this.#spaced) this.#parts.push(' ')
    this.#spaced = false
  }
}

/** Lines, each added before those that are there; none may have a line feed in it. */
export class LinesFromEnd {
  /** From the last to the first. */
  #lines: string[] = []
  /** Lines in order; the pieces themselves from the last to the first. */
  readonly #pieces: string[] = []
  #count = 0

  /** How many there are. */
  get count(): number {
    return this.#count
  }

  add(line: string): void {
    this.#lines.push(line)
    this.#count++
    if (this.#lines.length === BLOCK) this.#store()
  }

  /** All of them in order, in blocks. */
  *blocks(): Generator<readonly string[]> {
    yield this.#lines.toReversed()
    for (let i = this.#pieces.length - 1; i >= 0; i--) yield (this.#pieces[i] ?? '').split('\n')
  }

  /** Many short strings would take several times the memory of their text. */
  #store(): void {
    this.#pieces.push(this.#lines.reverse().join('\n'))
    this.#lines = []
  }
}
