/** Buffered reading: lines, runs of bytes, a limit of time for each wait. */
import { LF } from './bytes.ts'
import { allowThreads } from './engine.ts'
import { EAGAIN, ENOTSOCK, type Errno } from './errno.ts'
import { sys } from './shim.ts'
import { POLLIN, ready } from './wait-for.ts'

/** So many bytes, and compiled code pays; a session without a large message stays below. */
const MUCH = 65536

export interface ReaderOptions {
  /** Seconds that one wait for data may last; default no limit. */
  readonly timeout?: number
  /** Bytes of buffer; also the longest line. Default 64 KiB. */
  readonly size?: number
  /** Behind this byte, LF for one, nothing is taken from the descriptor before more is wanted: it can be handed on. */
  readonly stopAt?: number
  /** Called before a read that may block: the place to flush what the other side waits for. */
  readonly waiting?: () => void
  /** The timeout has passed. */
  readonly timedOut?: () => never
  /** A read has failed. */
  readonly failed?: (errno: Errno) => never
}

/** `eof`: no more lines; `long`: a line did not fit and was thrown away whole. */
export type Line = Uint8Array | 'eof' | 'long'

/** Reads only when its buffer is empty or holds no whole line, and never more than one read ahead of need. */
export class Reader {
  readonly #buffer: Uint8Array
  readonly #options: ReaderOptions
  #fd: number
  #start = 0
  #end = 0
  #ended = false
  #total = 0
  /** The descriptor can't be looked into. */
  #blind = false

  constructor(fd: number, options: ReaderOptions = {}) {
    this.#fd = fd
    this.#options = options
    this.#buffer = new Uint8Array(options.size ?? 65536)
  }

  /** The bytes read but not yet taken: a view, good until the next call. */
  get buffered(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end)
  }

  /** At least one byte that is not yet taken, unless the end has come: then none. A view, good until the next call. */
  chunk(): Uint8Array {
    if (this.#start === this.#end) this.more()
    return this.buffered
  }

  /** Takes n of the buffered bytes. */
  consume(n: number): void {
    this.#start += n
  }

  /** Throws away what has been read but not taken; how many bytes. */
  discard(): number {
    const n = this.#end - this.#start
    this.#start = this.#end = 0
    return n
  }

  /** Reads once behind what is buffered. False at the end, and when the buffer is full. */
  more(): boolean {
    if (this.#ended) return false
    if (this.#start === this.#end) this.#start = this.#end = 0
    if (this.#end === this.#buffer.length) {
      if (this.#start === 0) return false
      this.#buffer.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    const n = this.#read()
    if (n === 0) this.#ended = true
    this.#end += n
    return n > 0
  }

  /** The next line without its LF: a view, good until the next call. What follows the last LF is no line. */
  line(): Line {
    let searched = 0
    for (;;) {
      const at = this.buffered.indexOf(LF, searched)
      if (at >= 0) {
        const line = this.#buffer.subarray(this.#start, this.#start + at)
        this.#start += at + 1
        return line
      }
      searched = this.#end - this.#start
      if (!this.more()) {
        if (this.#ended) return 'eof'
        return this.#skipLine() ? 'long' : 'eof'
      }
    }
  }

  /** Throws away what is buffered and overwrites it, and all that was buffered before. */
  wipe(): void {
    this.discard()
    this.#buffer.fill(0)
  }

  /** Goes on with another descriptor; what is buffered of the old one is thrown away. */
  switchTo(fd: number): void {
    this.discard()
    this.#fd = fd
    this.#ended = false
    this.#blind = false
  }

  #skipLine(): boolean {
    for (;;) {
      this.discard()
      if (!this.more()) return false
      const at = this.buffered.indexOf(LF)
      if (at >= 0) {
        this.consume(at + 1)
        return true
      }
    }
  }

  #read(): number {
    const { stopAt, waiting, timeout, timedOut, failed } = this.#options
    waiting?.()
    for (;;) {
      if (timeout !== undefined && !ready(this.#fd, POLLIN, timeout)) {
        if (timedOut === undefined) throw new Error('timed out')
        timedOut()
      }
      const room = this.#buffer.length - this.#end
      const n = stopAt === undefined ? sys.read(this.#fd, this.#buffer, this.#end, room) : this.#readTo(stopAt, room)
      if (n >= 0) {
        this.#total += n
        if (this.#total > MUCH && this.#total - n <= MUCH) allowThreads()
        return n
      }
      if (n === -EAGAIN) {
        ready(this.#fd, POLLIN, timeout ?? Number.POSITIVE_INFINITY)
        continue
      }
      if (failed === undefined) throw new Error(`read error ${-n}`)
      failed(n)
    }
  }

  /** One read that ends with the byte: as far as that if it can be seen beforehand, else one byte. */
  #readTo(last: number, room: number): number {
    const seen = this.#blind ? -ENOTSOCK : sys.peek(this.#fd, this.#buffer, this.#end, room)
    this.#blind = seen === -ENOTSOCK
    if (this.#blind) return sys.read(this.#fd, this.#buffer, this.#end, 1)
    if (seen <= 0) return seen
    const at = this.#buffer.subarray(this.#end, this.#end + seen).indexOf(last)
    return sys.read(this.#fd, this.#buffer, this.#end, at < 0 ? seen : at + 1)
  }
}
