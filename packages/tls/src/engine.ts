/** Moves a connection's bytes through TLS: when which descriptor is read or written, and how it all ends. */
import type tls from 'node:tls'
import { allowThreads, EAGAIN, type Errno, errorText, exit, note, now, POLLIN, POLLOUT, sys } from '@moreqmail/unix'
import type { Assignment } from './assignment.ts'
import { serverNameOf } from './client-hello.ts'
import { DONE, type Fault, faultLine, handshakeFault, STREAM, SYSTEM, timeoutFault } from './fault.ts'
import { Flow } from './flow.ts'
import { TlsSession } from './session.ts'

/** The descriptors of the process: the connection, the program's pipes, and where the session is told. */
const NET_IN = 0
const NET_OUT = 1
const FROM_PROGRAM = 3
const TO_PROGRAM = 4
export const REPORT = 5

/** Milliseconds for the peer to end after we have: a reset would destroy what it has not read yet. */
const LINGER = 5000
/** Milliseconds for an alert to get out. */
const LAST_WORDS = 1000
/** Milliseconds between looks at a handshake, in case the engine takes its time. */
const HANDSHAKE_LOOK = 50
/** Turns of the event loop without news: after so many nothing moves by itself; up to so many it is asked again soon. */
const STILL = 3
const QUIET = 6
/** An alert or a handshake: what a peer that does TLS begins with. RFC 8446 section 5.1 */
const FIRST_RECORDS: readonly number[] = [21, 22]
/** An encrypted alert, with its record's header. */
const LONGEST_ALERT = 64
/** So many bytes, and compiled code pays. */
const MUCH = 65536

/** A fatal alert in clear, for a client whose server name is nobody's. RFC 8446 section 6.2, RFC 6066 section 3 */
const UNRECOGNIZED_NAME = Uint8Array.of(21, 3, 3, 0, 2, 2, 112)

/** What the engine leaves to others. */
export interface Surroundings {
  /** The context for the server's name that the client has asked for, if any; undefined: there is none. */
  readonly choose: (name: string | undefined) => tls.SecureContext | Fault | undefined
  /** The handshake is over: what is wrong with the peer; undefined: nothing, and the session has been told. */
  readonly begin: (session: TlsSession, name: string | undefined) => Fault | undefined
}

export class Engine {
  readonly #assignment: Assignment
  readonly #surroundings: Surroundings
  readonly #inbound = new Flow()
  readonly #outbound = new Flow()
  readonly #fromProgram = new Flow()
  /** Descriptor, events, what has come of them: the network both ways, the pair, the program both ways. */
  readonly #polled = new Int32Array(15)
  readonly #deadline: number
  #state: 'hello' | 'handshake' | 'open' | 'failed'
  #code = DONE
  #name: string | undefined
  #session: TlsSession | undefined
  /** Our end of the pair whose other end the session has. */
  #pair = -1
  #stillness = 0
  #total = 0
  #lastByte = now()

  /** The peer sends no more. */
  #peerEnded = false
  /** The session has heard of it. */
  #endPassedOn = false
  /** The session has no more to send. */
  #sessionEnded = false
  /** When our end of the connection was ended, or the engine failed. */
  #ended = Number.POSITIVE_INFINITY
  /** The program writes no more. */
  #programEnded = false
  /** The program reads no more, or is to get no more. */
  #programDeaf = false
  /** Who of the program's two ends has gone before the session was up: 1 the writer, 2 the reader. */
  #gone = 0
  /** The program has written since the peer has ended. */
  #late = false
  /** How much of the first chunk the program has got. */
  #offset = 0

  /** Started at this time, as `now()` counts. */
  constructor(assignment: Assignment, surroundings: Surroundings, started: number) {
    this.#assignment = assignment
    this.#surroundings = surroundings
    this.#deadline = assignment.handshake > 0 ? started + assignment.handshake : Number.POSITIVE_INFINITY
    this.#state = assignment.server && assignment.sni > 0 ? 'hello' : 'handshake'
  }

  /** Returns at once; ends the process when all is done. */
  run(): void {
    for (const fd of [NET_IN, NET_OUT, FROM_PROGRAM, TO_PROGRAM]) sys.nonblock(fd, 1)
    if (this.#state === 'handshake') this.#open(undefined)
    const turn = (): void => {
      this.#heed()
      this.#wait()
      this.#moveNetwork()
      this.#movePair()
      this.#moveProgram()
      this.#conclude()
      setImmediate(turn)
    }
    turn()
  }

  get #beforeSession(): boolean {
    return this.#state === 'hello' || this.#state === 'handshake'
  }

  /** Something has moved, so more may. */
  #moved(bytes = 0): void {
    this.#stillness = 0
    if (bytes === 0) return
    this.#lastByte = now()
    if (this.#total <= MUCH && this.#total + bytes > MUCH) allowThreads()
    this.#total += bytes
  }

  /** Makes the session, as the server that the client has asked for. */
  #open(name: string | undefined): void {
    const context = this.#surroundings.choose(name)
    if (context === undefined) {
      sys.write(NET_OUT, UNRECOGNIZED_NAME, 0, UNRECOGNIZED_NAME.length)
      this.#failHandshake(name === undefined ? 'no server name' : `no certificate for ${name}`)
      return
    }
    if ('code' in context) {
      this.#fail(context)
      return
    }
    const pair = sys.socketpair()
    if (typeof pair === 'number') {
      this.#fail({ code: SYSTEM, text: `unable to create socket pair: ${errorText(pair)}` })
      return
    }
    const [ours, theirs] = pair
    sys.nonblock(ours, 1)
    this.#pair = ours
    this.#name = name
    this.#session = new TlsSession(theirs, context, this.#assignment)
    this.#state = 'handshake'
  }

  /** Takes the session's news. */
  #heed(): void {
    const session = this.#session
    if (session === undefined || this.#state === 'failed') return
    if (session.stirred) this.#moved()
    session.stirred = false
    if (this.#state === 'handshake' && session.opened) {
      const fault = this.#surroundings.begin(session, this.#name ?? session.servername)
      if (fault !== undefined) {
        this.#fail(fault)
        return
      }
      this.#state = 'open'
    }
    if (session.failure === undefined && !(this.#beforeSession && session.ended)) return
    if (this.#beforeSession) this.#failHandshake(session.failure ?? 'connection closed')
    else this.#fail({ code: STREAM, text: `TLS error: ${session.failure}` })
  }

  #want(slot: number, fd: number, events: number, wanted: boolean): void {
    this.#polled[3 * slot] = wanted ? fd : -1
    this.#polled[3 * slot + 1] = events
  }

  /** What has come of a slot, 0 if nothing. */
  #came(slot: number): number {
    return this.#polled[3 * slot] === -1 ? 0 : (this.#polled[3 * slot + 2] ?? 0)
  }

  /** Waits until a descriptor is ready for what there is to do, the session may have news, or time is up. */
  #wait(): void {
    const session = this.#session
    const open = this.#state === 'open'
    const roomIn = this.#state === 'hello' ? !this.#inbound.full : this.#inbound.empty
    const hearing = this.#outbound.empty && !this.#sessionEnded
    const pairEvents = (hearing ? POLLIN : 0) | (this.#inbound.empty ? 0 : POLLOUT)
    const waiting = session !== undefined && session.chunks.length > 0
    this.#want(0, NET_IN, POLLIN, roomIn && !this.#peerEnded)
    this.#want(1, NET_OUT, POLLOUT, !this.#outbound.empty)
    this.#want(2, this.#pair, pairEvents, pairEvents !== 0)
    // Where nothing is asked for, an end is told all the same: before the session only that is of interest.
    const hears = open ? !this.#programEnded && session?.hasRoom === true : (this.#gone & 1) === 0
    this.#want(3, FROM_PROGRAM, open ? POLLIN : 0, hears && this.#state !== 'failed')
    this.#want(4, TO_PROGRAM, open && waiting ? POLLOUT : 0, !this.#programDeaf && (open || (this.#gone & 2) === 0))
    sys.poll(this.#polled, 5, this.#patience())
    this.#stillness++
  }

  /** Milliseconds to wait, negative: for ever. */
  #patience(): number {
    if (this.#stillness < STILL) return 0
    const { idle } = this.#assignment
    let until = this.#ended + (this.#state === 'failed' ? LAST_WORDS : LINGER)
    if (this.#beforeSession) until = Math.min(until, this.#deadline, now() + HANDSHAKE_LOOK)
    if (idle > 0) until = Math.min(until, this.#lastByte + idle * 1000)
    if (this.#stillness < QUIET) until = Math.min(until, now() + 1)
    return until === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(until - now()))
  }

  #moveNetwork(): void {
    if (this.#came(0) !== 0) {
      const first = this.#total === 0
      const n = this.#inbound.fill(NET_IN)
      // Who talks on in clear gets no alert, which it would take for a reply.
      if (first && n > 0 && !FIRST_RECORDS.includes(this.#inbound.bytes[0] ?? 0)) this.#failHandshake('no TLS')
      if (n > 0) this.#moved(n)
      else if (n === 0) this.#endOfPeer()
      else if (n !== -EAGAIN) this.#networkError('read from', n)
    }
    if (this.#state === 'hello') this.#readHello()
    if (!this.#outbound.empty) {
      const errno = this.#outbound.drain(NET_OUT)
      if (errno < 0) this.#networkError('write to', errno)
      else if (this.#outbound.empty) this.#moved(1)
    }
  }

  #endOfPeer(): void {
    this.#peerEnded = true
    this.#moved()
    if (this.#state === 'hello') this.#failHandshake('connection closed')
  }

  #readHello(): void {
    const found = serverNameOf(this.#inbound.bytes)
    if (found === 'more' && !this.#inbound.full) return
    // What begins no session is left to the engine, which knows what to say to it.
    this.#open(typeof found === 'object' ? found.name : undefined)
  }

  /** Between the network and the session. */
  #movePair(): void {
    if (this.#pair < 0) return
    if (!this.#inbound.empty) {
      // A session that takes no more has said why, or is over.
      if (this.#inbound.drain(this.#pair) < 0) this.#inbound.clear()
      if (this.#inbound.empty) this.#moved()
    }
    if (this.#outbound.empty && !this.#sessionEnded) {
      const n = this.#outbound.fill(this.#pair)
      if (n > 0) this.#moved()
      else if (n !== -EAGAIN) this.#sessionEnded = true
    }
  }

  #moveProgram(): void {
    const [writer, reader] = [this.#came(3), this.#came(4)]
    if (this.#beforeSession) {
      this.#gone |= (writer === 0 ? 0 : 1) | (reader === 0 ? 0 : 2)
      if (this.#gone === 3) exit(DONE)
    }
    const session = this.#session
    if (this.#state !== 'open' || session === undefined) return
    if (writer !== 0) this.#takeFromProgram(session)
    if (reader !== 0 && session.chunks.length === 0) this.#closeProgram()
    this.#deliver(session)
  }

  #takeFromProgram(session: TlsSession): void {
    const n = this.#fromProgram.fill(FROM_PROGRAM)
    if (n === -EAGAIN) return
    this.#moved()
    if (n > 0) {
      this.#late ||= this.#peerEnded || session.ended
      session.write(this.#fromProgram.bytes)
      this.#fromProgram.clear()
      return
    }
    this.#programEnded = true
    session.end()
    if (this.#assignment.deaf) this.#closeProgram()
  }

  /** Gives the program what it takes of what has come; what it doesn't want is thrown away. */
  #deliver(session: TlsSession): void {
    const { chunks } = session
    for (let chunk = chunks[0]; chunk !== undefined && !this.#programDeaf; chunk = chunks[0]) {
      const n = sys.write(TO_PROGRAM, chunk, this.#offset, chunk.length - this.#offset)
      if (n === -EAGAIN) break
      if (n < 0) {
        this.#closeProgram()
        break
      }
      this.#moved()
      this.#offset += n
      if (this.#offset < chunk.length) continue
      this.#offset = 0
      chunks.shift()
    }
    if (this.#programDeaf) chunks.length = 0
    session.listen(chunks.length === 0)
    if (session.ended && chunks.length === 0) this.#closeProgram()
  }

  #closeProgram(): void {
    if (this.#programDeaf) return
    this.#programDeaf = true
    sys.close(TO_PROGRAM)
    this.#moved()
  }

  /** Passes ends on, and ends the process when there is nothing left to do. */
  #conclude(): void {
    const session = this.#session
    const time = now()
    if (this.#beforeSession && time >= this.#deadline) {
      this.#fail(timeoutFault(this.#assignment))
      return
    }
    if (session !== undefined && this.#peerEnded && !this.#endPassedOn && this.#inbound.empty) this.#passOnEnd(session)
    if (this.#sessionEnded && this.#outbound.empty && this.#ended === Number.POSITIVE_INFINITY) {
      // What is no socket can only be closed.
      if (sys.shutdown(NET_OUT, 1) < 0) sys.close(NET_OUT)
      this.#ended = time
    }
    if (this.#state === 'failed') {
      if ((this.#sessionEnded && this.#outbound.empty) || time >= this.#ended + LAST_WORDS) exit(this.#code)
      return
    }
    const { idle } = this.#assignment
    if (this.#state === 'open' && idle > 0 && time >= this.#lastByte + idle * 1000) {
      this.#fail({ code: STREAM, text: 'timed out' })
      return
    }
    const over = this.#peerEnded || session?.ended || time >= this.#ended + LINGER
    if (this.#ended <= time && this.#programDeaf && over) exit(this.#code)
  }

  /** The session learns of the peer's end last of all, so that it shows whether close_notify has come before. */
  #passOnEnd(session: TlsSession): void {
    if (!session.ended && (this.#stillness < STILL || session.chunks.length > 0)) return
    const cut = this.#state === 'open' && !session.ended
    this.#endPassedOn = true
    sys.shutdown(this.#pair, 1)
    this.#moved()
    if (!cut || !this.#assignment.strict) return
    this.#say({ code: STREAM, text: 'peer closed without close_notify' })
    this.#code = STREAM
  }

  #networkError(what: string, errno: Errno): void {
    if (this.#beforeSession) {
      this.#failHandshake(errorText(errno))
      return
    }
    const over = this.#peerEnded || this.#session?.ended === true || this.#programDeaf
    // Nobody misses anything: there was but a close_notify to write, or the rest of a discarded stream to read.
    const lost = this.#late || this.#outbound.bytes.length > LONGEST_ALERT
    if (this.#state === 'failed' || (over && this.#programEnded && !lost)) exit(this.#code)
    this.#fail({ code: STREAM, text: `unable to ${what} network: ${errorText(errno)}` })
  }

  #failHandshake(reason: string): void {
    this.#fail(handshakeFault(this.#assignment, 'handshake', reason))
  }

  #say(fault: Fault): void {
    if (this.#assignment.verbosity > 0) note(faultLine(this.#assignment, fault))
  }

  /** Says so, lets the program know by the ends of its pipes, and the peer by what the session has still to say. */
  #fail(fault: Fault): void {
    this.#say(fault)
    this.#code = fault.code
    this.#state = 'failed'
    if (this.#session === undefined) exit(fault.code)
    for (const fd of [REPORT, FROM_PROGRAM, TO_PROGRAM]) sys.close(fd)
    this.#programEnded = this.#programDeaf = true
    this.#inbound.clear()
    this.#session.drop()
    this.#ended = now()
    this.#moved()
  }
}
