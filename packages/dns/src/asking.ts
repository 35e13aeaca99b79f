/** One question on its way: which server is asked, how long it has, and what comes after it. */
import { EAGAIN, EMFILE, ENFILE, now, POLLIN, sys } from '@moreqmail/unix'
import { type Answer, isTemporary, type RecordType } from './answer.ts'
import { encodeQuery, failure, type Reply, readReply } from './message.ts'
import { encodeName } from './name.ts'
import { uint16 } from './record.ts'
import type { Server } from './servers.ts'
import { Stream } from './stream.ts'

/** Milliseconds for each try by UDP. After one without reply the next server is asked. */
const WAITS: readonly number[] = [1000, 3000, 5000, 11000]
/** Milliseconds for a try by TCP, from connect to the end of the reply. */
const TCP_WAIT = 5000
/** Milliseconds until a try for which there was no descriptor is made again. */
const SHORTAGE_WAIT = 50
/** Milliseconds for the question, whatever the servers do. */
const LONGEST = 20_000

/** Each try has a socket and an id of its own, so that nobody else can know where and how to reply. RFC 5452 9 */
export class Asking<T extends RecordType> {
  /** Once it is done; before, why there would be none. */
  answer: Answer<T>
  done = false
  /** What to poll; negative if only time helps. */
  fd = -1
  /** When to call `late`. */
  until = 0
  readonly #name: Uint8Array
  readonly #type: T
  /** Those that may still answer, the one that is asked now first. */
  readonly #servers: Server[]
  #end: number
  #query: Uint8Array = new Uint8Array()
  #edns = true
  #tries = 0
  #stream: Stream | undefined

  /** End: when it must be answered at the latest, as `now()` counts. */
  constructor(name: string, type: T, servers: readonly Server[], end: number) {
    const wire = encodeName(name)
    this.#name = wire ?? new Uint8Array()
    this.#type = type
    this.#servers = [...servers]
    this.#end = end
    this.answer = failure(name, wire === undefined ? 'nxdomain' : 'timeout')
    this.done = wire === undefined
  }

  /** To be called once, before all others. */
  start(): void {
    this.#end = Math.min(this.#end, now() + LONGEST)
    if (!this.done) this.#ask()
  }

  get events(): number {
    return this.#stream?.events ?? POLLIN
  }

  /** The server that has answered, or is asked now; undefined if none is left. */
  get server(): Server | undefined {
    return this.#servers[0]
  }

  /** Something has come, or an error: goes on as far as it can without waiting. The buffer is for one datagram. */
  advance(buffer: Uint8Array): void {
    if (this.#stream !== undefined) this.#advanceStream(this.#stream)
    else {
      const n = sys.read(this.fd, buffer, 0, buffer.length)
      if (n >= 0) this.#take(readReply(buffer.subarray(0, n), this.#query, this.#type))
      else if (n !== -EAGAIN) this.#askNext()
    }
  }

  /** The time of this try is over. */
  late(): void {
    if (this.fd >= 0) {
      const [silent] = this.#servers.splice(0, 1)
      // Nobody is worth asking again whose reply is too long for UDP, and who is silent by TCP.
      if (silent !== undefined && this.#stream === undefined) this.#servers.push(silent)
      this.#tries++
      this.#edns = true
    }
    this.#ask()
  }

  /** Ends it with what is known so far. */
  giveUp(): void {
    this.#close()
    this.done = true
  }

  #advanceStream(stream: Stream): void {
    const message = stream.advance()
    if (message === undefined) return
    const reply = typeof message === 'number' ? 'other' : readReply(message, this.#query, this.#type)
    if (typeof reply === 'string') this.#askNext()
    else this.#take(reply)
  }

  #take(reply: Reply<T>): void {
    if (reply === 'other') return
    if (reply === 'truncated') this.#askByTcp()
    else if (reply === 'no edns') {
      this.#edns = false
      this.#ask()
    } else {
      this.answer = reply
      if (isTemporary(reply)) this.#askNext()
      else this.giveUp()
    }
  }

  /** This server would say the same again. */
  #askNext(): void {
    this.#servers.shift()
    this.#edns = true
    this.#ask()
  }

  #ask(): void {
    for (; ; this.#servers.shift()) {
      this.#close()
      const server = this.#servers[0]
      const wait = WAITS[this.#tries]
      const time = now()
      const id = new Uint8Array(2)
      if (server === undefined || wait === undefined || time >= this.#end || sys.random(id, 0, id.length) < 0) break
      this.#query = encodeQuery(uint16(id, 0), this.#name, this.#type, this.#edns)
      this.fd = open(server, 1)
      const shortage = this.fd === -EMFILE || this.fd === -ENFILE
      this.until = Math.min(this.#end, time + (shortage ? SHORTAGE_WAIT : wait))
      if (shortage) return
      if (this.fd < 0 || sys.connect(this.fd, server.ip, server.port) < 0) continue
      if (sys.writesome(this.fd, this.#query, 0, this.#query.length) === this.#query.length) return
    }
    this.giveUp()
  }

  #askByTcp(): void {
    this.#close()
    const server = this.#servers[0]
    this.fd = server === undefined ? -1 : open(server, 0)
    if (server === undefined || this.fd < 0) {
      this.#askNext()
      return
    }
    this.until = Math.min(this.#end, now() + TCP_WAIT)
    // How this ends, at once or later, shows when the query is sent.
    sys.connect(this.fd, server.ip, server.port)
    this.#stream = new Stream(this.fd, this.#query)
  }

  #close(): void {
    if (this.fd >= 0) sys.close(this.fd)
    this.fd = -1
    this.#stream = undefined
  }
}

/** A socket for this server that makes nobody wait; a negative errno. */
function open(server: Server, datagram: 0 | 1): number {
  const fd = sys.socket(server.ip.includes(':') ? 6 : 4, datagram)
  if (fd >= 0) sys.nonblock(fd, 1)
  return fd
}
