/** The form in which fields and bodies are hashed (RFC 6376 section 3.4). Pure. */
import { CR, LF, SPACE, TAB } from '@moreqmail/unix/bytes'
import type { LineEnd } from './header.ts'

export type Canonicalization = 'simple' | 'relaxed'

/** A field without the line end behind it, in its canonical form. */
export function canonicalField(text: string, form: Canonicalization, lineEnd: LineEnd): string {
  if (form === 'simple') return lineEnd === '\n' ? text.replaceAll('\n', '\r\n') : text
  const unfolded = text.replaceAll(lineEnd, '')
  const colon = unfolded.indexOf(':')
  const name = unfolded.slice(0, colon).replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  return `${trimBlanks(name)}:${trimBlanks(unfolded.slice(colon + 1).replace(/[ \t]+/g, ' '))}`
}

/** Only blanks: other white space is data here. */
function trimBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && (text[from] === ' ' || text[from] === '\t')) from++
  while (to > from && (text[to - 1] === ' ' || text[to - 1] === '\t')) to--
  return text.slice(from, to)
}

/** Takes the canonical form, piece by piece; a piece is good only until it returns. */
export type Sink = (piece: Uint8Array) => void

const ROOM = 65536
/** So many bytes of a line are looked at in one go. */
const RUN = 16384
/** No byte. */
const NONE = -1

/** Makes the canonical form of a body that comes in pieces, however they are cut. Memory is constant. */
export class BodyCanonicalizer {
  readonly #relaxed: boolean
  readonly #wire: boolean
  readonly #sink: Sink
  readonly #out = new Uint8Array(ROOM)
  #length = 0
  /** Line ends that count only if something follows. */
  #lineEnds = 0
  /** Likewise a blank within a line. */
  #blank = false
  /** The wire form's last byte was a CR. */
  #cr = false
  /** Something has gone to the sink. */
  #begun = false

  constructor(form: Canonicalization, lineEnd: LineEnd, sink: Sink) {
    this.#relaxed = form === 'relaxed'
    this.#wire = lineEnd === '\r\n'
    this.#sink = sink
  }

  take(piece: Uint8Array): void {
    if (!this.#wire) this.#lines(piece, 0, piece.length)
    else
      for (let from = 0; from < piece.length; ) {
        const lf = piece.indexOf(LF, from)
        const to = lf < 0 ? piece.length : lf
        this.#wireLine(piece, from, to, lf >= 0)
        from = to + 1
      }
  }

  /** The body has ended: a line end that is missing is supplied. */
  end(): void {
    if (this.#cr) this.#data(CR_BYTE, 0, 1)
    this.#cr = false
    if (this.#begun || this.#length > 0 || !this.#relaxed) this.#putLineEnds(1)
    this.#flush()
  }

  /** What comes before a LF, or before the end of the piece: a LF ends the line only behind a CR. */
  #wireLine(piece: Uint8Array, from: number, to: number, lf: boolean): void {
    let end = to
    if (to > from) {
      if (this.#cr) this.#data(CR_BYTE, 0, 1)
      this.#cr = piece[to - 1] === CR
      if (this.#cr) end--
      if (end > from) this.#data(piece, from, end)
    }
    if (!lf) return
    if (this.#cr) this.#endLine()
    else this.#data(piece, to, to + 1)
    this.#cr = false
  }

  #endLine(): void {
    this.#blank = false
    this.#lineEnds++
  }

  #data(piece: Uint8Array, from: number, to: number): void {
    this.#lines(piece, from, to, NONE)
  }

  /** Lines that end in this byte. */
  #lines(piece: Uint8Array, from: number, to: number, lineEnd = LF): void {
    for (let at = from; at < to; at += RUN) this.#run(piece, at, Math.min(to, at + RUN), lineEnd)
  }

  #run(piece: Uint8Array, from: number, to: number, lineEnd: number): void {
    this.#makeRoom()
    if (lineEnd === LF && (!this.#relaxed || (!this.#blank && hasSingleBlanks(piece, from, to))))
      this.#wholeLines(piece, from, to)
    else this.#bytes(piece, from, to, lineEnd)
  }

  /** Lines whose contents stay as they are: the engine finds and copies them. */
  #wholeLines(piece: Uint8Array, from: number, to: number): void {
    const run = piece.subarray(from, to)
    for (let at = 0; at < run.length; ) {
      const lf = run.indexOf(LF, at)
      const end = lf < 0 ? run.length : lf
      if (end > at) {
        const before = this.#lineEnds
        this.#lineEnds = 0
        this.#putLineEnds(before)
        // They can be any number; what is left of the run fits beside one for each of its lines.
        if (before > 1) this.#makeRoom()
        this.#out.set(run.subarray(at, end), this.#length)
        this.#length += end - at
      }
      if (lf >= 0) this.#lineEnds++
      at = end + 1
    }
  }

  /** The one loop over all bytes. */
  #bytes(piece: Uint8Array, from: number, to: number, lineEnd: number): void {
    const out = this.#out
    const relaxed = this.#relaxed
    let length = this.#length
    let lineEnds = this.#lineEnds
    let blank = this.#blank
    for (let i = from; i < to; i++) {
      const byte = piece[i] ?? 0
      if (byte === lineEnd) {
        lineEnds++
        blank = false
      } else if (relaxed && (byte === SPACE || byte === TAB)) blank = true
      else {
        if (lineEnds === 1) {
          out[length++] = CR
          out[length++] = LF
        } else if (lineEnds > 1) {
          this.#length = length
          this.#putLineEnds(lineEnds)
          this.#makeRoom()
          length = this.#length
        }
        lineEnds = 0
        if (blank) out[length++] = SPACE
        blank = false
        out[length++] = byte
      }
    }
    this.#length = length
    this.#lineEnds = lineEnds
    this.#blank = blank
  }

  #putLineEnds(count: number): void {
    for (let left = count; left > 0; left--) {
      if (ROOM - this.#length < 2) this.#flush()
      this.#out[this.#length++] = CR
      this.#out[this.#length++] = LF
    }
  }

  /** For a run in which each byte becomes two, and what is held back before it. */
  #makeRoom(): void {
    if (ROOM - this.#length < 2 * RUN + 4) this.#flush()
  }

  #flush(): void {
    if (this.#length === 0) return
    this.#sink(this.#out.subarray(0, this.#length))
    this.#begun = true
    this.#length = 0
  }
}

const CR_BYTE = Uint8Array.of(CR)

/** True if no blank in a range has to go: there are no tabs, and each space has something on both sides in its line. */
function hasSingleBlanks(piece: Uint8Array, from: number, to: number): boolean {
  const run = Buffer.from(piece.buffer, piece.byteOffset + from, to - from)
  return run[run.length - 1] !== SPACE && !run.includes(TAB) && !run.includes('  ') && !run.includes(' \n')
}

/** Turns every line end of a message into LF, as it is about to be sent: CR LF, and a CR without LF too. */
export class LineEnds {
  #cr = false

  /** The next bytes so changed: a view on the piece itself, or on a new one. */
  take(piece: Uint8Array): Uint8Array {
    const from = this.#cr && piece[0] === LF ? 1 : 0
    if (piece.length > 0) this.#cr = piece[piece.length - 1] === CR
    if (!piece.includes(CR)) return piece.subarray(from)
    const out = new Uint8Array(piece.length - from)
    let length = 0
    for (let i = from; i < piece.length; i++) {
      const byte = piece[i] ?? 0
      if (byte === CR) {
        out[length++] = LF
        if (piece[i + 1] === LF) i++
      } else out[length++] = byte
    }
    return out.subarray(0, length)
  }
}
