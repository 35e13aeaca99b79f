/** The network's side of a session: bytes between the connection and the engine's end of a socket pair. */
import { EAGAIN, POLLIN, POLLOUT, sys } from '@moreqmail/unix'
import { Flow } from './flow.ts'

/** Where the connection is; the same socket twice, or two pipes. */
const IN = 0
const OUT = 1

/** Descriptors and the events to wait for; descriptor -1: nothing. */
export type Wants = ReadonlyArray<readonly [fd: number, events: number]>

/** What a step has come to: bytes moved, and the error that has ended it, with what was being done. */
export interface Step {
  readonly moved: number
  readonly failure?: { readonly action: 'read from' | 'write to'; readonly errno: number }
}

export class Wire {
  readonly inbound = new Flow()
  readonly outbound = new Flow()
  /** The peer sends no more. */
  peerEnded = false
  /** The session has no more to send. */
  sessionEnded = false
  /** Our side of the connection is ended. */
  ended = false
  #pair = -1

  constructor() {
    for (const fd of [IN, OUT]) sys.nonblock(fd, 1)
  }

  /** From now on bytes go to and from this end of a pair. */
  connect(pair: number): void {
    sys.nonblock(pair, 1)
    this.#pair = pair
  }

  /** What to wait for: from the connection, to it, the pair. Without a pair what comes is collected. */
  get wants(): Wants {
    const { inbound, outbound } = this
    const room = this.#pair < 0 ? !inbound.full : inbound.empty
    const pair = (outbound.empty && !this.sessionEnded ? POLLIN : 0) | (inbound.empty ? 0 : POLLOUT)
    return [
      [room && !this.peerEnded ? IN : -1, POLLIN],
      [outbound.empty ? -1 : OUT, POLLOUT],
      [pair === 0 ? -1 : this.#pair, pair],
    ]
  }

  /** Takes what the connection has. */
  read(): Step {
    const n = this.inbound.fill(IN)
    if (n > 0) return { moved: n }
    if (n === -EAGAIN) return { moved: 0 }
    if (n < 0) return { moved: 0, failure: { action: 'read from', errno: n } }
    this.peerEnded = true
    return { moved: 0 }
  }

  /** Gives the session what has come, and the connection what the session has made of the program's bytes. */
  move(): Step {
    const { inbound, outbound } = this
    let moved = 0
    if (this.#pair >= 0) {
      if (!inbound.empty) {
        const n = inbound.drain(this.#pair)
        // A session that takes no more has said why, or is over.
        if (n < 0) inbound.clear()
        moved += Math.max(0, n)
      }
      if (outbound.empty && !this.sessionEnded) {
        const n = outbound.fill(this.#pair)
        if (n <= 0 && n !== -EAGAIN) this.sessionEnded = true
        moved += Math.max(0, n)
      }
    }
    const n = outbound.empty ? 0 : outbound.drain(OUT)
    if (n < 0) return { moved, failure: { action: 'write to', errno: n } }
    return { moved: moved + n }
  }

  /** The session learns that no more comes. */
  passOnEnd(): void {
    sys.shutdown(this.#pair, 1)
  }

  /** Ends our side of the connection. */
  end(): void {
    this.ended = true
    // What is no socket can only be closed.
    if (sys.shutdown(OUT, 1) < 0) sys.close(OUT)
  }
}
