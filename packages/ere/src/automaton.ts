/** The automaton of a pattern: its instructions, and how pieces of it are put together. Pure. */
import { type ByteSet, SET_SIZE } from './bytes.ts'

/**
 * What an instruction does. `BYTE` and `SET` take one byte; `SPLIT` goes on in two places, behind itself and at a
 * distance; `JUMP` at a distance only; the others go on if what they say is true of the place in the value.
 */
export const BYTE = 0
export const SET = 1
export const ANY = 2
export const SPLIT = 3
export const JUMP = 4
export const START = 5
export const END = 6
export const WORD_EDGE = 7
export const NO_WORD_EDGE = 8
export const WORD_START = 9
export const WORD_END = 10

/** An instruction is one number: what it does, and above that its operand, a byte, a set's number, or a distance. */
export const OPERATION_BITS = 4

/** A pattern that needs more instructions is bad. */
export const MAX_INSTRUCTIONS = 1 << 20

/** A pattern, ready to run: it has matched when the end of its instructions is reached. */
export interface Automaton {
  readonly code: Int32Array
  /** One set after the other. */
  readonly sets: Uint32Array
}

/**
 * Collects instructions. Distances are relative, so that a piece can be moved and copied as it is; a piece is everything
 * from some place to the end. Once `full`, it takes no more.
 */
export class Builder {
  #code = new Int32Array(64)
  #length = 0
  #full = false
  #sets = new Uint32Array(SET_SIZE)
  #count = 0

  get length(): number {
    return this.#length
  }

  /** True when the pattern has needed too much. */
  get full(): boolean {
    return this.#full
  }

  automaton(): Automaton {
    return { code: this.#code.subarray(0, this.#length), sets: this.#sets }
  }

  add(operation: number, operand = 0): void {
    if (!this.#room(1)) return
    this.#code[this.#length++] = (operand << OPERATION_BITS) | operation
  }

  addSet(set: ByteSet): void {
    this.add(SET, this.#count)
    if (this.#full) return
    if ((this.#count + 1) * SET_SIZE > this.#sets.length) {
      const bigger = new Uint32Array(2 * this.#sets.length)
      bigger.set(this.#sets)
      this.#sets = bigger
    }
    this.#sets.set(set, SET_SIZE * this.#count++)
  }

  /** Makes the instruction at this place a jump to the end. */
  jumpToEnd(at: number): void {
    if (!this.#full) this.#code[at] = ((this.#length - at) << OPERATION_BITS) | JUMP
  }

  /** Puts a split before the piece; its distance is to `beyond` instructions after the piece. */
  optional(start: number, beyond = 0): void {
    if (!this.#room(1)) return
    this.#code.copyWithin(start + 1, start, this.#length)
    this.#length++
    this.#code[start] = ((this.#length - start + beyond) << OPERATION_BITS) | SPLIT
  }

  /** The piece once or more. */
  repeated(start: number): void {
    this.add(SPLIT, start - this.#length)
  }

  /** The piece any number of times. */
  starred(start: number): void {
    if (this.#isStarred(start)) return
    this.optional(start, 1)
    this.add(JUMP, start - this.#length)
  }

  /** The piece at least and at most so many times; at most Infinity times. */
  counted(start: number, least: number, most: number): void {
    const size = this.#length - start
    if (most === 0) this.#length = start
    if (size === 0 || most === 0) return
    if (least === 0 && most === Number.POSITIVE_INFINITY) {
      this.starred(start)
      return
    }
    const finite = most === Number.POSITIVE_INFINITY ? least : most
    if (!this.#room(least * size + (finite - least) * (size + 1) + 1 - size)) return
    const piece = this.#code.slice(start, this.#length)
    this.#length = start
    const end = start + least * size + (finite - least) * (size + 1)
    for (let i = 0; i < finite; i++) {
      if (i >= least) this.add(SPLIT, end - this.#length)
      this.#code.set(piece, this.#length)
      this.#length += size
    }
    if (most === Number.POSITIVE_INFINITY) this.repeated(end - size)
  }

  #isStarred(start: number): boolean {
    const size = this.#length - start
    return (
      size > 1 &&
      this.#code[start] === ((size << OPERATION_BITS) | SPLIT) &&
      this.#code[this.#length - 1] === (((1 - size) << OPERATION_BITS) | JUMP)
    )
  }

  #room(more: number): boolean {
    const wanted = this.#length + more
    if (wanted > MAX_INSTRUCTIONS) this.#full = true
    if (this.#full) return false
    if (wanted > this.#code.length) {
      const bigger = new Int32Array(Math.max(wanted, 2 * this.#code.length))
      bigger.set(this.#code)
      this.#code = bigger
    }
    return true
  }
}
