/** Which lines of a message begin a part, and whether one of them begins with a signature. Pure. */
import { LF, latin1, lower, SPACE, TAB } from '@moreqmail/unix/bytes'
import { parseContentType } from './content-type.ts'

/** So many bytes of a line count. */
const MAX_LINE = 1024

/** Boundaries and a content type take this much memory at most: each its bytes and some for being there. */
const MAX_KEPT = 1024 * 1024
const KEPT_EACH = 100

const CONTENT_TYPE = 'content-type:'
const BOUNCES = ['Hi. This is the ', 'This message was created automatically by mail delivery software']
/** In a bounce, the copy of the message comes behind a line that begins so. */
const COPY = '---'

const C = 99
const DASH = 45

/** `header`, `first`: the line behind it, `body`: all others. */
type State = 'header' | 'first' | 'body'

/** The signature that was found; `too much`: the message can't be followed, it nests too deeply. */
export type Finding = { readonly signature: string } | 'too much'

/** Goes through a message that comes in pieces. */
export class Scanner {
  readonly #signatures: readonly string[]
  readonly #line = new Uint8Array(MAX_LINE)
  #length = 0
  /** The line that is coming has begun in an earlier piece. */
  #begun = false
  #state: State = 'header'
  /** Of the innermost part last: dashes and boundary. */
  readonly #boundaries: string[] = []
  #kept = 0
  #contentType: string | undefined
  /** The line before this one belongs to the content type. */
  #continues = false
  #bounce = false
  #finding: Finding | undefined

  constructor(signatures: readonly string[]) {
    this.#signatures = signatures
  }

  /** Takes the next bytes: what has been found so far. */
  take(piece: Uint8Array): Finding | undefined {
    for (let at = 0; at < piece.length && this.#finding === undefined; ) {
      const lf = piece.indexOf(LF, at)
      const end = lf < 0 ? piece.length : lf
      if (this.#begun || lf < 0) {
        this.#keep(piece, at, end)
        if (lf < 0) break
        this.#look(this.#line, 0, this.#length)
        this.#length = 0
        this.#begun = false
      } else this.#look(piece, at, Math.min(end, at + MAX_LINE))
      at = end + 1
    }
    return this.#finding
  }

  /** The message has ended; its last line counts without LF too. What has been found in all. */
  end(): Finding | undefined {
    if (this.#begun && this.#finding === undefined) this.#look(this.#line, 0, this.#length)
    this.#begun = false
    return this.#finding
  }

  #keep(piece: Uint8Array, from: number, to: number): void {
    const part = piece.subarray(from, Math.min(to, from + MAX_LINE - this.#length))
    this.#line.set(part, this.#length)
    this.#length += part.length
    this.#begun = true
  }

  /** Lines that can't matter are left alone by their first byte. */
  #look(from: Uint8Array, start: number, end: number): void {
    const first = start < end ? (from[start] ?? 0) : LF
    if (this.#state === 'header') {
      if (first === LF) this.#endOfHeader()
      else if (first === SPACE || first === TAB) this.#continue(from, start, end)
      else this.#field((first | 32) === C ? latin1(from, start, end) : '')
    } else if (this.#state === 'first' || first === DASH) this.#bodyLine(latin1(from, start, end))
  }

  #field(line: string): void {
    this.#continues = lower(line.slice(0, CONTENT_TYPE.length)) === CONTENT_TYPE
    if (!this.#continues) return
    this.#setContentType(line.slice(CONTENT_TYPE.length))
  }

  #continue(from: Uint8Array, start: number, end: number): void {
    if (this.#continues) this.#setContentType((this.#contentType ?? '') + latin1(from, start, end))
  }

  #setContentType(value: string | undefined): void {
    this.#account((value?.length ?? 0) - (this.#contentType?.length ?? 0))
    this.#contentType = value
  }

  #account(bytes: number): void {
    this.#kept += bytes
    if (this.#kept > MAX_KEPT) this.#finding = 'too much'
  }

  #endOfHeader(): void {
    this.#state = this.#bounce ? 'header' : 'first'
    this.#bounce = false
    if (this.#contentType === undefined) return
    const { isMessage, boundary } = parseContentType(this.#contentType)
    this.#setContentType(undefined)
    this.#continues = false
    if (isMessage) this.#state = 'header'
    if (boundary === undefined) return
    this.#boundaries.push(`--${boundary}`)
    this.#account(boundary.length + KEPT_EACH)
  }

  #bodyLine(line: string): void {
    const boundary = this.#boundaries.at(-1)
    if (boundary !== undefined && line.startsWith(boundary)) {
      this.#endOfPart(line.startsWith('--', boundary.length))
      return
    }
    if (this.#state === 'first') this.#firstLine(line)
    if (this.#bounce && line.startsWith(COPY)) this.#state = 'header'
  }

  #endOfPart(last: boolean): void {
    this.#state = last ? 'body' : 'header'
    if (!last) return
    const closed = this.#boundaries.pop() ?? ''
    this.#account(-(closed.length - 2) - KEPT_EACH)
  }

  #firstLine(line: string): void {
    this.#state = 'body'
    if (BOUNCES.some((start) => line.startsWith(start))) {
      this.#bounce = true
      return
    }
    const signature = this.#signatures.find((start) => line.startsWith(start))
    if (signature !== undefined) this.#finding = { signature }
  }
}
