/** A server without a system: what the client writes goes to a function, whose answers the client reads. */
import { bytes, latin1 } from '@moreqmail/unix/bytes'
import { EAGAIN, EPIPE } from '@moreqmail/unix/errno'
import type { Io } from '../../src/client-connection.ts'

export interface Behaviour {
  /** Said before the client has said anything. */
  readonly greeting?: string
  /** What the server says to what has come; called once for each write. */
  readonly answer?: (heard: string) => string
  /** After so many bytes of its answers the server closes. */
  readonly cut?: number
  /** Bytes that one read gets, and one write takes. */
  readonly readSize?: number
  readonly writeSize?: number
  /** The client can't write beyond so many bytes: nothing is taken, or (`broken`) nobody reads. */
  readonly takes?: number
  readonly broken?: boolean
  /** It takes nothing while more bytes than this of its answers are unread. */
  readonly patience?: number
  /** Milliseconds between two bytes that the client can read. */
  readonly drip?: number
}

export class FakeServer implements Io {
  heard = ''
  /** Each write as it came. */
  readonly writes: string[] = []
  now = 0
  #said: string
  #read = 0
  #nextDrip = 0
  readonly #is: Behaviour

  constructor(behaviour: Behaviour) {
    this.#is = behaviour
    this.#said = behaviour.greeting ?? ''
  }

  say(text: string): void {
    this.#said += text
  }

  get #available(): number {
    if (this.now < this.#nextDrip) return 0
    const end = Math.min(this.#said.length, this.#is.cut ?? Number.POSITIVE_INFINITY)
    return Math.min(end - this.#read, this.#is.drip ? 1 : Number.POSITIVE_INFINITY)
  }

  get #closed(): boolean {
    return this.#is.cut !== undefined && this.#read >= this.#is.cut && this.now >= this.#nextDrip
  }

  get #room(): number {
    if (this.#said.length - this.#read > (this.#is.patience ?? Number.POSITIVE_INFINITY)) return 0
    return Math.min(this.#is.writeSize ?? 1e9, (this.#is.takes ?? Number.POSITIVE_INFINITY) - this.heard.length)
  }

  poll(fds: Int32Array, _count: number, ms: number): number {
    for (;;) {
      fds[2] = fds[0] === 6 && (this.#available > 0 || this.#closed) ? 1 : 0
      fds[5] = fds[3] === 7 && (this.#room > 0 || this.#is.broken) ? 4 : 0
      const ready = (fds[2] ? 1 : 0) + (fds[5] ? 1 : 0)
      if (ready > 0) return ready
      const wait = this.#nextDrip - this.now
      if (wait > 0 && (ms < 0 || wait <= ms)) {
        this.now = this.#nextDrip
        continue
      }
      if (ms < 0) throw new Error('waits for ever')
      this.now += ms
      return 0
    }
  }

  read(_fd: number, into: Uint8Array, offset: number, length: number): number {
    if (this.#available <= 0) return this.#closed ? 0 : -EAGAIN
    const n = Math.min(this.#available, length, this.#is.readSize ?? 1e9)
    into.set(bytes(this.#said.slice(this.#read, this.#read + n)), offset)
    this.#read += n
    this.#nextDrip = this.now + (this.#is.drip ?? 0)
    return n
  }

  writesome(_fd: number, from: Uint8Array, offset: number, length: number): number {
    const n = Math.min(this.#room, length)
    if (n <= 0) return this.#is.broken ? -EPIPE : -EAGAIN
    const text = latin1(from, offset, offset + n)
    this.heard += text
    this.writes.push(text)
    this.#said += this.#is.answer?.(text) ?? ''
    return n
  }

  clock(): number {
    return this.now
  }
}
