/** Where the header of a message ends. Pure. */
import { LF, SPACE, TAB } from '@moreqmail/unix/bytes'

const COLON = 58

/** The room that a header gets first. */
const FIRST_ROOM = 8192

/** The header of a message that comes in pieces, its lines ended by LF; it is kept until it is complete. */
export class HeaderBuffer {
  readonly #limit: number
  #bytes = new Uint8Array(FIRST_ROOM)
  #length = 0
  /** Where the line begins that is looked at. */
  #line = 0
  /** How far it has been looked at. */
  #at = 0
  /** What it may be: a `name` has printable bytes only, or blanks behind them; a `field` is sure to belong here. */
  #kind: 'start' | 'name' | 'blanks' | 'field' = 'start'
  #state: 'open' | 'ended' | 'long' = 'open'

  /** A header of more bytes is too long. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** `ended`: the body has begun; `long`: the header is too long, and what there was of it is gone. */
  get state(): 'open' | 'ended' | 'long' {
    return this.#state
  }

  /** The header so far: whole lines once it has ended. */
  get header(): Uint8Array {
    return this.#bytes.subarray(0, this.#state === 'ended' ? this.#line : this.#length)
  }

  /** What has come of the body: it begins with the empty line that parts it from the header, if there was one. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#state === 'ended' ? this.#line : this.#length, this.#length)
  }

  /** Takes the next bytes of the message, as long as the state is `open`. */
  add(piece: Uint8Array): void {
    this.#append(piece)
    while (this.#state === 'open' && this.#at < this.#length) this.#look()
    if (this.#state === 'open' && this.#length > this.#limit) this.#giveUp()
    else if (this.#state === 'ended' && this.#line > this.#limit) this.#giveUp()
  }

  #append(piece: Uint8Array): void {
    const needed = this.#length + piece.length
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#length)
    this.#length = needed
  }

  #giveUp(): void {
    this.#state = 'long'
    this.#bytes = new Uint8Array(0)
    this.#length = this.#line = this.#at = 0
  }

  /** Looks at the next byte of the line, or at all the rest of a field. */
  #look(): void {
    if (this.#kind === 'field') {
      const lf = this.#bytes.subarray(0, this.#length).indexOf(LF, this.#at)
      this.#at = lf < 0 ? this.#length : lf + 1
      if (lf < 0) return
      this.#line = this.#at
      this.#kind = 'start'
      return
    }
    const byte = this.#bytes[this.#at++] ?? LF
    const blank = byte === SPACE || byte === TAB
    if (this.#kind === 'start' && blank) this.#kind = 'field'
    else if (this.#kind !== 'start' && byte === COLON) this.#kind = 'field'
    else if (this.#kind !== 'start' && blank) this.#kind = 'blanks'
    else if (this.#kind !== 'blanks' && byte > SPACE && byte < 127 && byte !== COLON) this.#kind = 'name'
    else this.#state = 'ended'
  }
}
