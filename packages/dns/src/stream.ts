/** One query and its reply over TCP. RFC 1035 4.2.2, RFC 7766 */
import { EAGAIN, EPROTO, type Errno, POLLIN, POLLOUT, sys } from '@moreqmail/unix'
import { uint16 } from './record.ts'

const LENGTH_SIZE = 2

/** A non-blocking socket that is connected, or about to be. The descriptor stays its owner's. */
export class Stream {
  /** What to poll for. */
  events = POLLOUT
  readonly #fd: number
  /** The query after its length, so that both are sent at once. RFC 7766 8 */
  readonly #out: Uint8Array
  #sent = 0
  #in = new Uint8Array(LENGTH_SIZE)
  #got = 0
  #length: number | undefined

  constructor(fd: number, query: Uint8Array) {
    this.#fd = fd
    this.#out = Uint8Array.of(query.length >> 8, query.length & 255, ...query)
  }

  /** Goes on as far as it can without waiting: the reply once it is whole, or a negative errno. */
  advance(): Uint8Array | Errno | undefined {
    while (this.#sent < this.#out.length) {
      const n = sys.writesome(this.#fd, this.#out, this.#sent, this.#out.length - this.#sent)
      if (n < 0) return n === -EAGAIN ? undefined : n
      this.#sent += n
    }
    this.events = POLLIN
    for (;;) {
      const n = sys.read(this.#fd, this.#in, this.#got, this.#in.length - this.#got)
      if (n < 0) return n === -EAGAIN ? undefined : n
      if (n === 0) return -EPROTO
      this.#got += n
      if (this.#got < this.#in.length) continue
      if (this.#length !== undefined) return this.#in
      this.#length = uint16(this.#in, 0)
      if (this.#length === 0) return -EPROTO
      this.#in = new Uint8Array(this.#length)
      this.#got = 0
    }
  }
}
