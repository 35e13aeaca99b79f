/** Takes lines from descriptor 0, and stops between two of them when it is told to. */
import { allowThreads, EAGAIN, type Errno, LF, latin1, sys } from '@moreqmail/unix'
import { cutBefore } from './readable.ts'

/** A line without its LF, or a piece of one. */
export interface Piece {
  readonly text: string
  /** 0: a whole line; else which piece of a line that is too long. */
  readonly part: number
  /** True but for pieces that others follow. */
  readonly last: boolean
}

/** Bytes of a line that are kept together. */
const LONGEST = 65536

/** So many bytes, and compiled code pays. */
const MUCH = 65536

export interface InputOptions {
  /** Called before each read; true: no more lines are wanted after this one. */
  readonly waiting: () => boolean
  readonly failed: (errno: Errno) => never
}

export class Input {
  readonly #buffer = new Uint8Array(LONGEST)
  readonly #options: InputOptions
  #start = 0
  #end = 0
  #total = 0
  /** The piece that comes next; 0 at the start of a line. */
  #part = 0

  constructor(options: InputOptions) {
    this.#options = options
  }

  /** The next line or piece; undefined after the last. What follows the last LF is a line too. */
  next(): Piece | undefined {
    for (let searched = 0; ; ) {
      const buffered = this.#buffer.subarray(this.#start, this.#end)
      const at = buffered.indexOf(LF, searched)
      if (at >= 0) return this.#take(at, 1, true)
      searched = buffered.length
      if (buffered.length === LONGEST) return this.#take(cutBefore(buffered), 0, false)
      if (this.#more()) continue
      return searched > 0 || this.#part > 0 ? this.#take(searched, 0, true) : undefined
    }
  }

  #take(length: number, more: number, last: boolean): Piece {
    const text = latin1(this.#buffer, this.#start, this.#start + length)
    this.#start += length + more
    const part = this.#part > 0 || !last ? this.#part || 1 : 0
    this.#part = last ? 0 : part + 1
    return { text, part, last }
  }

  /** Reads once behind what is buffered, where there is room; false at the end. */
  #more(): boolean {
    const stopping = this.#options.waiting()
    const between = this.#start === this.#end && this.#part === 0
    if (stopping && between) return false
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    // Byte by byte, so that what follows the line is left to whoever reads next.
    const n = sys.read(0, this.#buffer, this.#end, stopping ? 1 : LONGEST - this.#end)
    if (n === -EAGAIN) return this.#more()
    if (n < 0) this.#options.failed(n)
    this.#end += n
    this.#total += n
    if (this.#total > MUCH && this.#total - n <= MUCH) allowThreads()
    return n > 0
  }
}
