/** Puts lines on a descriptor that may not take them at once, and knows when nobody reads them any more. */
import { bytes, EAGAIN, EPIPE, type Errno, POLLIN, POLLOUT, sys } from '@moreqmail/unix'

const POLLERR = 8
const POLLHUP = 16
const POLLNVAL = 32
const GONE = POLLERR | POLLHUP | POLLNVAL

/** Milliseconds for which the reader may keep us waiting once we have been told to end. */
const GRACE = 5000

/** Bytes that are collected before they are written. */
const MUCH = 65536

/** Why no more can be written: an errno, or nobody reads and we have to end. */
export type WriteFailure = Errno | 'stuck'

export interface OutputOptions {
  readonly fd: number
  /** Can be read once the program has been told to end. */
  readonly signals: number
  readonly failed: (why: WriteFailure) => never
}

/** Nothing reaches the descriptor before `flush`, unless much has been collected. */
export class Output {
  readonly #options: OutputOptions
  #text = ''

  constructor(options: OutputOptions) {
    this.#options = options
  }

  /** Adds a byte string. */
  puts(text: string): void {
    this.#text += text
    if (this.#text.length > MUCH) this.flush()
  }

  /** Writes all that was put. */
  flush(): void {
    const { fd, failed } = this.#options
    const all = bytes(this.#text)
    this.#text = ''
    for (let at = 0; at < all.length; ) {
      this.#waitForRoom()
      const n = sys.writesome(fd, all, at, all.length - at)
      if (n >= 0) at += n
      else if (n !== -EAGAIN) failed(n)
    }
  }

  /** Waits until descriptor 0 can be read: false; or until the program is told to end: true. */
  wait(): boolean {
    const { fd, signals, failed } = this.#options
    // Whoever asks for no event is still told of a reader that has gone.
    const polled = Int32Array.of(0, POLLIN, 0, signals, POLLIN, 0, fd, 0, 0)
    for (;;) {
      sys.poll(polled, 3, -1)
      if (((polled[8] ?? 0) & GONE) !== 0) failed(-EPIPE)
      if (polled[5] !== 0) return true
      if (polled[2] !== 0) return false
    }
  }

  #waitForRoom(): void {
    const { fd, signals, failed } = this.#options
    const polled = Int32Array.of(fd, POLLOUT, 0, signals, POLLIN, 0)
    while (sys.poll(polled, 2, -1) < 0);
    if (polled[2] !== 0) return
    // Told to end: there is only so much time left.
    while (sys.poll(polled, 1, GRACE) < 0);
    if (polled[2] === 0) failed('stuck')
  }
}
