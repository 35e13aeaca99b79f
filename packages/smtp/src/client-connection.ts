/** The client's end of a connection: replies come in while commands and text go out, and no wait is without a limit. */
import { bytes, LF } from '@moreqmail/unix/bytes'
import { EAGAIN, ECONNRESET, EINTR, EPIPE } from '@moreqmail/unix/errno'
import { endsReply, MAX_REPLY, parseReply, type Reply } from './reply.ts'

/** What a connection needs of the system; negative results are errnos. `sys` of @moreqmail/unix has it. */
export interface Io {
  read(fd: number, into: Uint8Array, offset: number, length: number): number
  /** One write that does not wait, once poll has said that there is room. */
  writesome(fd: number, from: Uint8Array, offset: number, length: number): number
  /** Triples fd (negative: none), events, revents; a negative limit is none. */
  poll(fds: Int32Array, count: number, ms: number): number
  /** 1: milliseconds that never jump. */
  clock(monotonic: 0 | 1): number
}

/** What a conversation needs of a connection. */
export interface Peer {
  /** Has text sent; nothing goes out before `reply`, `send` or `quit`. */
  puts(text: string): void
  /** The next reply; undefined if it will never come whole: the end, a timeout, more than MAX_REPLY bytes. */
  reply(): Reply | undefined
  /** Sends all that was put, then the first `length` bytes; false if the system hasn't taken them all. */
  send(from: Uint8Array, length: number): boolean
  /** Why `send` has failed, if the server has said it; undefined if it hasn't. */
  reason(): Reply | undefined
  /** Sends QUIT and doesn't wait for its reply. */
  quit(): void
  /** True if something has come that no reply is due for. */
  readonly unasked: boolean
  /** The same descriptors lead to another connection from now on: what was read is forgotten. */
  restart(): void
}

const POLLIN = 1
const POLLOUT = 4
const NOTHING = new Uint8Array(0)

/** A connection on two descriptors, which may be the same. */
export class Connection implements Peer {
  readonly #io: Io
  readonly #readFrom: number
  readonly #writeTo: number
  readonly #timeout: number
  readonly #poll = new Int32Array(6)
  #input: Uint8Array = new Uint8Array(4096)
  /** Read but not taken: from #start to #end; the line that begins at #line has no LF before #searched. */
  #start = 0
  #line = 0
  #searched = 0
  #end = 0
  /** Not yet written: from #at to #to. */
  #output: Uint8Array = NOTHING
  #at = 0
  #to = 0
  /** Nothing more can be read, or written. */
  #ended = false
  #broken = false
  /** A wait has been too long. */
  #late = false
  /** What is written now goes out even if the server has sent its last. */
  #leaving = false

  /** `timeout`: seconds for each whole reply, and for each wait between two writes; Infinity: no limit. */
  constructor(io: Io, readFrom: number, writeTo: number, timeout: number) {
    this.#io = io
    this.#readFrom = readFrom
    this.#writeTo = writeTo
    this.#timeout = timeout * 1000
  }

  get unasked(): boolean {
    if (this.#start === this.#end) this.#wait(this.#io.clock(1), false)
    return this.#start < this.#end
  }

  puts(text: string): void {
    const rest = this.#output.subarray(this.#at, this.#to)
    const joined = new Uint8Array(rest.length + text.length)
    joined.set(rest)
    joined.set(bytes(text), rest.length)
    this.#give(joined, joined.length)
  }

  reply(): Reply | undefined {
    let deadline = this.#deadline()
    for (;;) {
      const reply = this.#take()
      if (reply !== undefined) return reply
      if (this.#ended || this.#late || this.#room() === 0) return undefined
      const before = this.#at
      this.#late = !this.#wait(deadline, true)
      if (this.#at > before) deadline = this.#deadline()
    }
  }

  send(from: Uint8Array, length: number): boolean {
    if (!this.#drain()) return false
    this.#give(from, length)
    return this.#drain()
  }

  reason(): Reply | undefined {
    // After a timeout, only what is there already; after the end of the reading side, nothing more can come.
    while (this.#late && !this.#ended && this.#wait(this.#io.clock(1), false));
    return this.reply()
  }

  quit(): void {
    this.puts('QUIT\r\n')
    this.#leaving = true
    this.#drain()
  }

  restart(): void {
    this.#start = this.#line = this.#searched = this.#end = 0
    this.#ended = false
  }

  #give(output: Uint8Array, length: number): void {
    this.#output = output
    this.#at = 0
    this.#to = length
  }

  #deadline(): number {
    return this.#io.clock(1) + this.#timeout
  }

  /** Writes all that is to be written, reading what comes meanwhile. False if it can't be. */
  #drain(): boolean {
    let deadline = this.#deadline()
    while (this.#at < this.#to) {
      if (this.#broken || this.#late || (this.#ended && !this.#leaving)) return false
      const before = this.#at
      this.#late = !this.#wait(deadline, true)
      if (this.#at > before) deadline = this.#deadline()
    }
    return true
  }

  /** Waits until something can be read or written, and does it once. False if nothing could be before the deadline. */
  #wait(deadline: number, writing: boolean): boolean {
    const poll = this.#poll
    const output = writing && this.#at < this.#to && !this.#broken
    poll[0] = this.#ended || this.#room() === 0 ? -1 : this.#readFrom
    poll[1] = POLLIN
    poll[3] = output ? this.#writeTo : -1
    poll[4] = POLLOUT
    const left = deadline === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(deadline - this.#io.clock(1)))
    const ready = this.#io.poll(poll, 2, left)
    if (ready === -EINTR) return true
    if (ready <= 0) return false
    if (poll[2] !== 0) this.#read()
    if (poll[5] !== 0 && (!this.#ended || this.#leaving)) this.#write()
    return true
  }

  #read(): void {
    const n = this.#io.read(this.#readFrom, this.#input, this.#end, this.#input.length - this.#end)
    if (n > 0) this.#end += n
    else if (n !== -EAGAIN) this.#ended = true
  }

  #write(): void {
    const n = this.#io.writesome(this.#writeTo, this.#output, this.#at, this.#to - this.#at)
    if (n >= 0) this.#at += n
    else if (n !== -EAGAIN) {
      this.#broken = true
      // Of a server that has hung up, what it said before can still be read.
      if (n !== -EPIPE && n !== -ECONNRESET) this.#ended = true
    }
  }

  /** Room for input, made if there is little: 0 only when a reply of MAX_REPLY bytes is not complete. */
  #room(): number {
    if (this.#start === this.#end) this.#start = this.#line = this.#searched = this.#end = 0
    if (this.#end === this.#input.length) {
      if (this.#start > 0) this.#move(this.#input)
      else if (this.#input.length < MAX_REPLY) this.#move(new Uint8Array(this.#input.length * 2))
    }
    return this.#input.length - this.#end
  }

  #move(to: Uint8Array): void {
    to.set(this.#input.subarray(this.#start, this.#end))
    this.#input = to
    this.#line -= this.#start
    this.#searched -= this.#start
    this.#end -= this.#start
    this.#start = 0
  }

  /** A whole reply that has been read; undefined without one. */
  #take(): Reply | undefined {
    for (;;) {
      const at = this.#input.subarray(this.#searched, this.#end).indexOf(LF)
      if (at < 0) {
        this.#searched = this.#end
        return undefined
      }
      const lf = this.#searched + at
      const last = endsReply(this.#input, this.#line, lf)
      this.#line = this.#searched = lf + 1
      if (!last) continue
      const reply = parseReply(this.#input, this.#start, this.#line)
      this.#start = this.#line
      return reply
    }
  }
}
