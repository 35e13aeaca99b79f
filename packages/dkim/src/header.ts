/** Where the header of a message ends and which fields it has. Pure. */
import { CR, LF, latin1, lower, SPACE, TAB } from '@moreqmail/unix/bytes'
import { trim } from './text.ts'

/** What ends the lines of a message: in the wire form a lone LF is data, in the other a CR. */
export type LineEnd = '\n' | '\r\n'

export interface Field {
  /** In lower case. */
  readonly name: string
  /** All of it as it is, from the name on, without the line end behind it. */
  readonly text: string
  /** Where it is in the header, with that line end. */
  readonly from: number
  readonly to: number
}

const COLON = 58
const FIRST_ROOM = 8192

/** The header of a message that comes in pieces; it is kept until it is complete. */
export class HeaderCollector {
  readonly #limit: number
  #bytes = new Uint8Array(FIRST_ROOM)
  #length = 0
  /** Where the line begins that is looked at. */
  #line = 0
  /** As far as there is no end of that line. */
  #at = 0
  #body = 0
  #lineEnd: LineEnd | undefined
  #state: 'open' | 'ended' | 'long' = 'open'

  /** A header of more bytes is too long. `lineEnd`: if it is not to be told by the first line. */
  constructor(limit: number, lineEnd?: LineEnd) {
    this.#limit = limit
    this.#lineEnd = lineEnd
  }

  /** `ended`: the body has begun; `long`: the header is too long. */
  get state(): 'open' | 'ended' | 'long' {
    return this.#state
  }

  get lineEnd(): LineEnd {
    return this.#lineEnd ?? '\n'
  }

  /** The header, once it has ended: whole lines, but that the last one may lack its end. */
  get header(): string {
    return latin1(this.#bytes, 0, this.#line)
  }

  /** Where the header ends, in bytes of the message. */
  get length(): number {
    return this.#line
  }

  /** What has come of the body, without the empty line before it. */
  get body(): Uint8Array {
    return this.#bytes.subarray(this.#body, this.#length)
  }

  /** Takes the next bytes of the message, as long as the state is `open`. */
  add(piece: Uint8Array): void {
    if (this.#length + piece.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length + piece.length, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#length)
    this.#length += piece.length
    while (this.#state === 'open' && this.#findLine());
    if ((this.#state === 'open' ? this.#length : this.#line) > this.#limit) this.#state = 'long'
  }

  /** The message has ended. */
  finish(): void {
    if (this.#state !== 'open') return
    this.#body = this.#length
    if (this.#line < this.#length && !this.#belongs(this.#length)) this.#body = this.#line
    else this.#line = this.#length
    this.#state = 'ended'
  }

  /** Looks at the next line; false if it has not come whole. */
  #findLine(): boolean {
    const lf = this.#bytes.subarray(0, this.#length).indexOf(LF, this.#at)
    if (lf < 0) {
      this.#at = this.#length
      return false
    }
    this.#at = lf + 1
    const afterCr = lf > this.#line && this.#bytes[lf - 1] === CR
    this.#lineEnd ??= afterCr ? '\r\n' : '\n'
    if (this.#lineEnd === '\r\n' && !afterCr) return true
    if (this.#belongs(lf)) this.#line = lf + 1
    else {
      const empty = lf === this.#line || (afterCr && lf === this.#line + 1)
      this.#body = empty ? lf + 1 : this.#line
      this.#state = 'ended'
    }
    return true
  }

  /** True if the line as far as there is a field, or continues one. */
  #belongs(end: number): boolean {
    const first = this.#bytes[this.#line]
    if (first === SPACE || first === TAB) return this.#line > 0
    let at = this.#line
    while (at < end && isNameByte(this.#bytes[at] ?? 0)) at++
    if (at === this.#line) return false
    while (at < end && (this.#bytes[at] === SPACE || this.#bytes[at] === TAB)) at++
    return at < end && this.#bytes[at] === COLON
  }
}

function isNameByte(byte: number): boolean {
  return byte > SPACE && byte < 127 && byte !== COLON
}

/** The fields of a header, from its top. */
export function fieldsOf(header: string, lineEnd: LineEnd): readonly Field[] {
  const fields: Field[] = []
  for (let from = 0, to = 0; from < header.length; from = to) {
    let end = from
    for (let next: string | undefined; ; ) {
      const found = header.indexOf(lineEnd, to)
      end = found < 0 ? header.length : found
      to = found < 0 ? header.length : found + lineEnd.length
      next = header[to]
      if (next !== ' ' && next !== '\t') break
    }
    const name = lower(trim(header.slice(from, header.indexOf(':', from))))
    fields.push({ name, text: header.slice(from, end), from, to })
  }
  return fields
}

/** What is behind the colon of a field. */
export function valueText({ text }: Field): string {
  return text.slice(text.indexOf(':') + 1)
}
