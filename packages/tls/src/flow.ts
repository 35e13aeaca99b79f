/** Bytes on their way between two descriptors that never block. */
import { EAGAIN, sys } from '@moreqmail/unix'

const SIZE = 65536

/** A buffer that is read into and written from; what has been read goes out in order. */
export class Flow {
  readonly #buffer = new Uint8Array(SIZE)
  #start = 0
  #end = 0

  get empty(): boolean {
    return this.#start === this.#end
  }

  get full(): boolean {
    return this.#end === SIZE
  }

  /** What is in it: a view, good until the next call. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end)
  }

  /** Takes more bytes: how many, 0 at the end, -EAGAIN: none now, or another negative errno. */
  fill(fd: number): number {
    if (this.empty) this.#start = this.#end = 0
    const n = sys.read(fd, this.#buffer, this.#end, SIZE - this.#end)
    if (n > 0) this.#end += n
    return n
  }

  /** Gives away what it can: how many bytes, or a negative errno. */
  drain(fd: number): number {
    const n = sys.write(fd, this.#buffer, this.#start, this.#end - this.#start)
    if (n === -EAGAIN) return 0
    if (n > 0) this.#start += n
    return n
  }

  clear(): void {
    this.#start = this.#end = 0
  }
}
