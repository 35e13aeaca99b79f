/** Moves a connection's bytes through TLS, and decides when it ends and how. */
import type tls from 'node:tls'
import { allowThreads, errorText, exit, note, now, sys } from '@moreqmail/unix'
import { type Assignment, MAX_LIMIT } from './assignment.ts'
import { serverNameOf } from './client-hello.ts'
import { DONE, type Fault, faultLine, handshakeFault, STREAM, SYSTEM, timeoutFault } from './fault.ts'
import { ProgramSide } from './program-side.ts'
import { TlsSession } from './session.ts'
import { type Step, type Wants, Wire } from './wire.ts'

/** Where the session is told. */
export const REPORT = 5
const OUT = 1

/** Milliseconds for the peer to end after we have: a reset would destroy what it has not read yet. */
const LINGER = 5000
/** Milliseconds for an alert to get out. */
const LAST_WORDS = 1000
/** Milliseconds between looks at a handshake, in case the session takes its time. */
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

const CLOSED = 'connection closed'

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
  readonly #wire = new Wire()
  readonly #program = new ProgramSide()
  readonly #deadline: number
  /** `hello`: the server's name is awaited; `failed`: only the peer is still to hear of it. */
  #state: 'hello' | 'handshake' | 'open' | 'failed'
  #code = DONE
  #name: string | undefined
  #session: TlsSession | undefined
  #stillness = 0
  /** Something has come from the peer. */
  #heard = false
  #total = 0
  #lastByte = now()
  /** When our side of the connection was ended, or the engine failed. */
  #ended = Number.POSITIVE_INFINITY
  #endPassedOn = false
  /** The program has written since the peer has ended. */
  #late = false

  /** Started at this time, as `now()` counts. */
  constructor(assignment: Assignment, surroundings: Surroundings, started: number) {
    this.#assignment = assignment
    this.#surroundings = surroundings
    this.#deadline = assignment.handshake > 0 ? started + assignment.handshake : Number.POSITIVE_INFINITY
    this.#state = assignment.server && assignment.sni > 0 ? 'hello' : 'handshake'
  }

  /** Returns at once; ends the process when all is done. */
  run(): void {
    if (this.#state === 'handshake') this.#open(undefined)
    const turn = (): void => {
      this.#heed()
      const [net = 0, , , writer = 0, reader = 0] = this.#wait()
      if (net !== 0) this.#readNetwork()
      if (this.#state === 'hello') this.#readHello()
      this.#account(this.#wire.move())
      this.#serveProgram(writer, reader)
      this.#conclude()
      setImmediate(turn)
    }
    turn()
  }

  get #beforeSession(): boolean {
    return this.#state === 'hello' || this.#state === 'handshake'
  }

  /** Makes the session, as the server that the client has asked for. */
  #open(name: string | undefined): void {
    const context = this.#surroundings.choose(name)
    const pair = context === undefined || 'code' in context ? undefined : sys.socketpair()
    if (context === undefined) {
      sys.write(OUT, UNRECOGNIZED_NAME, 0, UNRECOGNIZED_NAME.length)
      this.#failHandshake(name === undefined ? 'no server name' : `no certificate for ${name}`)
    } else if ('code' in context) {
      this.#fail(context)
    } else if (pair === undefined || typeof pair === 'number') {
      this.#fail({ code: SYSTEM, text: `unable to create socket pair: ${errorText(pair ?? 0)}` })
    } else {
      this.#wire.connect(pair[0])
      this.#name = name
      this.#session = new TlsSession(pair[1], context, this.#assignment)
      this.#state = 'handshake'
    }
  }

  /** Takes the session's news. */
  #heed(): void {
    const session = this.#session
    if (session === undefined || this.#state === 'failed') return
    if (session.stirred) this.#stillness = 0
    session.stirred = false
    if (this.#state === 'handshake' && session.opened) {
      const fault = this.#surroundings.begin(session, this.#name ?? session.servername)
      if (fault === undefined) this.#state = 'open'
      else this.#fail(fault)
    } else if (this.#beforeSession && (session.failure !== undefined || session.ended)) {
      this.#failHandshake(session.failure ?? CLOSED)
    } else if (session.failure !== undefined) {
      this.#fail({ code: STREAM, text: `TLS error: ${session.failure}` })
    }
  }

  /** Waits until a descriptor is ready for what there is to do, the session may have news, or time is up. */
  #wait(): readonly number[] {
    const wants = [...this.#wire.wants, ...this.#programWants()]
    const polled = Int32Array.from(wants.flatMap(([fd, events]) => [fd, events, 0]))
    sys.poll(polled, wants.length, this.#patience())
    this.#stillness++
    return wants.map(([fd], i) => (fd < 0 ? 0 : (polled[3 * i + 2] ?? 0)))
  }

  #programWants(): Wants {
    if (this.#beforeSession) return this.#program.wantsBefore
    return this.#state === 'open' && this.#session !== undefined ? this.#program.wants(this.#session) : []
  }

  /** Milliseconds to wait, negative: for ever. */
  #patience(): number {
    if (this.#stillness < STILL) return 0
    const time = now()
    const until = [this.#ended + (this.#state === 'failed' ? LAST_WORDS : LINGER), this.#idleEnd]
    if (this.#beforeSession) until.push(this.#deadline, time + HANDSHAKE_LOOK)
    if (this.#stillness < QUIET) until.push(time + 1)
    const first = Math.min(...until)
    return first === Number.POSITIVE_INFINITY ? -1 : Math.min(MAX_LIMIT, Math.max(0, Math.ceil(first - time)))
  }

  /** When the session ends for want of anything to do. */
  get #idleEnd(): number {
    const { idle } = this.#assignment
    return this.#state === 'open' && idle > 0 ? this.#lastByte + idle * 1000 : Number.POSITIVE_INFINITY
  }

  /** Takes note of what has moved, and of an error of the connection. */
  #account({ moved, failure }: Step): void {
    if (moved > 0) {
      this.#stillness = 0
      this.#lastByte = now()
      if (this.#total <= MUCH && this.#total + moved > MUCH) allowThreads()
      this.#total += moved
    }
    if (failure === undefined) return
    const { action, errno } = failure
    if (this.#beforeSession) this.#failHandshake(errorText(errno))
    else if (this.#state === 'failed' || !this.#matters()) exit(this.#code)
    else this.#fail({ code: STREAM, text: `unable to ${action} network: ${errorText(errno)}` })
  }

  /** False if nobody misses anything: there is but a close_notify to write, or what nobody wants to read. */
  #matters(): boolean {
    const { peerEnded, outbound } = this.#wire
    const { ended, deaf } = this.#program
    const over = peerEnded || deaf || this.#session?.ended === true
    return !(over && ended) || this.#late || outbound.bytes.length > LONGEST_ALERT
  }

  #readNetwork(): void {
    const { inbound } = this.#wire
    const step = this.#wire.read()
    // Who talks on in clear gets no alert, which it would take for a reply.
    const first = this.#heard ? undefined : inbound.bytes[0]
    this.#heard ||= first !== undefined
    if (first !== undefined && !FIRST_RECORDS.includes(first)) this.#failHandshake('no TLS')
    this.#account(step)
    if (!this.#wire.peerEnded) return
    this.#stillness = 0
    if (this.#state === 'hello') this.#failHandshake(CLOSED)
  }

  #readHello(): void {
    const { inbound } = this.#wire
    const found = serverNameOf(inbound.bytes)
    // What begins no session is left to the engine, which knows what to say to it.
    if (found !== 'more' || inbound.full) this.#open(typeof found === 'object' ? found.name : undefined)
  }

  #serveProgram(writer: number, reader: number): void {
    const program = this.#program
    const session = this.#session
    if (this.#beforeSession && program.isGone(writer, reader)) exit(DONE)
    if (this.#state !== 'open' || session === undefined) return
    const before = program.ended
    const moved = writer === 0 ? 0 : program.read(session)
    if (moved > 0) this.#late ||= this.#wire.peerEnded || session.ended
    if (program.ended !== before) this.#stillness = 0
    if ((program.ended && this.#assignment.deaf) || (reader !== 0 && session.chunks.length === 0)) program.deafen()
    this.#account({ moved: moved + program.deliver(session) })
  }

  /** Passes ends on, and ends the process when there is nothing left to do. */
  #conclude(): void {
    const wire = this.#wire
    const time = now()
    if (this.#session !== undefined && wire.peerEnded && !this.#endPassedOn && wire.inbound.empty)
      this.#passOnEnd(this.#session)
    if (wire.sessionEnded && wire.outbound.empty && !wire.ended) {
      wire.end()
      this.#ended = Math.min(time, this.#ended)
    }
    if (this.#state === 'failed') {
      if (wire.ended || time >= this.#ended + LAST_WORDS) exit(this.#code)
      return
    }
    if (this.#beforeSession && time >= this.#deadline) this.#fail(timeoutFault(this.#assignment))
    else if (time >= this.#idleEnd) this.#fail({ code: STREAM, text: 'timed out' })
    else if (wire.ended && this.#program.deaf) {
      if (wire.peerEnded || this.#session?.ended || time >= this.#ended + LINGER) exit(this.#code)
    }
  }

  /** The session learns of the peer's end last of all, so that it shows whether close_notify has come before. */
  #passOnEnd(session: TlsSession): void {
    if (!session.ended && (this.#stillness < STILL || session.chunks.length > 0)) return
    const cut = this.#state === 'open' && !session.ended
    this.#endPassedOn = true
    this.#stillness = 0
    this.#wire.passOnEnd()
    if (!cut || !this.#assignment.strict) return
    this.#say({ code: STREAM, text: 'peer closed without close_notify' })
    this.#code = STREAM
  }

  #failHandshake(reason: string): void {
    this.#fail(handshakeFault(this.#assignment, 'handshake', reason))
  }

  #say(fault: Fault): void {
    if (this.#assignment.verbosity > 0) note(faultLine(this.#assignment, fault))
  }

  /** Says so, lets the program know by the ends of its pipes, and the peer by what the session has still to say. */
  #fail(fault: Fault): void {
    if (this.#state === 'failed') return
    this.#say(fault)
    this.#code = fault.code
    this.#state = 'failed'
    if (this.#session === undefined) exit(fault.code)
    sys.close(REPORT)
    this.#program.close()
    this.#wire.inbound.clear()
    this.#session.drop()
    this.#ended = now()
    this.#stillness = 0
  }
}
