/** Buffered writing, with a limit of time for each wait. */
import { EAGAIN, type Errno } from './errno.ts'
import { sys } from './shim.ts'
import { POLLOUT, ready } from './wait-for.ts'

export interface WriterOptions {
  /** Seconds that one wait for room may last; default no limit. */
  readonly timeout?: number
  /** Bytes of buffer. Default 8 KiB. */
  readonly size?: number
  /** The timeout has passed. */
  readonly timedOut?: () => never
  /** A write has failed. Default: what could not be written is dropped, and `broken` says so. */
  readonly failed?: (errno: Errno) => never
}

/** Collects what is put; nothing reaches the descriptor before `flush` unless the buffer is full. */
export class Writer {
  readonly #buffer: Uint8Array
  readonly #options: WriterOptions
  #fd: number
  #end = 0
  #broken: Errno = 0

  constructor(fd: number, options: WriterOptions = {}) {
    this.#fd = fd
    this.#options = options
    this.#buffer = new Uint8Array(options.size ?? 8192)
  }

  /** 0, or the errno of the first write that failed; from then on everything is dropped. */
  get broken(): Errno {
    return this.#broken
  }

  /** Adds a byte string. */
  puts(text: string): void {
    if (text.length > this.#buffer.length - this.#end) {
      this.flush()
      if (text.length > this.#buffer.length) {
        const bytes = new Uint8Array(text.length)
        sys.encode(text, bytes, 0, bytes.length)
        this.#write(bytes, 0, bytes.length)
        return
      }
    }
    this.#end += sys.encode(text, this.#buffer, this.#end, this.#buffer.length - this.#end)
  }

  /** Adds a range of bytes; a large one is written at once, without a copy. */
  put(bytes: Uint8Array, from = 0, to = bytes.length): void {
    if (to - from > this.#buffer.length - this.#end) {
      this.flush()
      if (to - from >= this.#buffer.length) {
        this.#write(bytes, from, to)
        return
      }
    }
    this.#buffer.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.#end)
    this.#end += to - from
  }

  /** Writes all that was put. True unless a write has ever failed. */
  flush(): boolean {
    const end = this.#end
    this.#end = 0
    if (end > 0) this.#write(this.#buffer, 0, end)
    return this.#broken === 0
  }

  /** Goes on with another descriptor; what is buffered for the old one is flushed to it first. */
  switchTo(fd: number): void {
    this.flush()
    this.#fd = fd
  }

  #write(bytes: Uint8Array, from: number, to: number): void {
    const { timeout, timedOut, failed } = this.#options
    let at = from
    while (at < to && this.#broken === 0) {
      if (timeout !== undefined && !ready(this.#fd, POLLOUT, timeout)) {
        if (timedOut === undefined) throw new Error('timed out')
        timedOut()
      }
      const n =
        timeout === undefined ? sys.write(this.#fd, bytes, at, to - at) : sys.writesome(this.#fd, bytes, at, to - at)
      if (n >= 0) at += n
      else if (n === -EAGAIN) ready(this.#fd, POLLOUT, timeout ?? Number.POSITIVE_INFINITY)
      else if (failed !== undefined) failed(n)
      else this.#broken = n
    }
  }
}
