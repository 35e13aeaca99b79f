/** The program's side of a session: its two pipes. */
import { EAGAIN, POLLIN, POLLOUT, sys } from '@moreqmail/unix'
import { Flow } from './flow.ts'
import type { TlsSession } from './session.ts'
import type { Wants } from './wire.ts'

const FROM = 3
const TO = 4

/** Its two ends, of which it may have closed one or both. */
const WRITER = 1
const READER = 2

export class ProgramSide {
  /** The program writes no more. */
  ended = false
  /** The program reads no more, or is to get no more. */
  deaf = false
  readonly #flow = new Flow()
  /** How much of the first chunk the program has got. */
  #offset = 0
  #gone = 0

  constructor() {
    for (const fd of [FROM, TO]) sys.nonblock(fd, 1)
  }

  /** Before there is a session: waits for the ends only, which are told without being asked for. */
  get wantsBefore(): Wants {
    return [
      [this.#gone & WRITER ? -1 : FROM, 0],
      [this.#gone & READER ? -1 : TO, 0],
    ]
  }

  /** Before there is a session: true once the program has closed both. */
  isGone(writer: number, reader: number): boolean {
    this.#gone |= (writer === 0 ? 0 : WRITER) | (reader === 0 ? 0 : READER)
    return this.#gone === (WRITER | READER)
  }

  /** What to wait for. That the program reads no more is told without being asked for. */
  wants({ hasRoom, chunks }: TlsSession): Wants {
    return [
      [!this.ended && hasRoom ? FROM : -1, POLLIN],
      [this.deaf ? -1 : TO, chunks.length > 0 ? POLLOUT : 0],
    ]
  }

  /** Gives the session what the program has written: how many bytes; 0 also at the end. */
  read(session: TlsSession): number {
    const n = this.#flow.fill(FROM)
    if (n > 0) session.write(this.#flow.bytes)
    else if (n !== -EAGAIN) {
      this.ended = true
      session.end()
    }
    this.#flow.clear()
    return Math.max(0, n)
  }

  /** Gives the program what it takes of what has come, throws away what it doesn't want: how many bytes it has got. */
  deliver(session: TlsSession): number {
    const { chunks } = session
    let moved = 0
    for (let chunk = chunks[0]; chunk !== undefined && !this.deaf; chunk = chunks[0]) {
      const n = sys.write(TO, chunk, this.#offset, chunk.length - this.#offset)
      if (n === -EAGAIN) break
      if (n < 0) {
        this.deafen()
        break
      }
      moved += n
      this.#offset += n
      if (this.#offset < chunk.length) continue
      this.#offset = 0
      chunks.shift()
    }
    if (this.deaf) chunks.length = 0
    session.listen(chunks.length === 0)
    if (session.ended && chunks.length === 0) this.deafen()
    return moved
  }

  /** The program gets no more: its end of file. */
  deafen(): void {
    if (!this.deaf) sys.close(TO)
    this.deaf = true
  }

  /** The program gets no more, and what it still writes is not wanted. */
  close(): void {
    this.deafen()
    sys.close(FROM)
    this.ended = true
  }
}
