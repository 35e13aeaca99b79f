/** What of the bytes behind DATA is the message, and where it ends (RFC 5321 section 4.5.2), leaving no room for doubt. */
import { CR, DOT, LF } from '@moreqmail/unix/bytes'

/** As many Received and Delivered-To lines are a loop. */
export const MAX_HOPS = 100

/** Lines that begin so, in any case, count as a hop each. */
const HOPS = ['received', 'delivered']
const LONGEST_HOP = 9

/**
 * What a LF without CR is: `refused` ends everything, since two servers could see different messages; `accepted` ends a
 * line, but none that is a lone dot or is followed by one.
 */
export type BareLf = 'refused' | 'accepted'

/** How far a message has come. */
export interface Body {
  readonly bareLf: BareLf
  /** `open`: more is to come; `ended`: that was all; `stray`: a LF without CR, the message must be given up. */
  state: 'open' | 'ended' | 'stray'
  /** The next byte begins a line. */
  atStart: boolean
  /** The last line has ended with a LF without CR. */
  afterBareLf: boolean
  inHeader: boolean
  hops: number
  /** Bytes of the message so far: lines end with LF, dots that were put in for the transfer are gone. */
  size: number
}

export function newBody(bareLf: BareLf = 'refused'): Body {
  return { bareLf, state: 'open', atStart: true, afterBareLf: false, inHeader: true, hops: 0, size: 0 }
}

/** What became of a chunk. */
export interface Unstuffed {
  /** Bytes of the chunk that were used. The others belong to what comes next. */
  readonly taken: number
  /** Bytes of the message, now at the beginning of the chunk. */
  readonly stored: number
}

/**
 * Takes the message out of the next bytes of the connection, in place. A few bytes may stay at the end of the chunk
 * whose meaning depends on more: they must come again, with more behind them. Only CR LF . CR LF ends the message; a CR
 * elsewhere and a NUL are bytes like others. The dot of `.` CR without LF is kept where a bare LF is refused.
 */
export function unstuff(body: Body, chunk: Uint8Array): Unstuffed {
  let from = 0
  let stored = 0
  while (from < chunk.length) {
    const lf = chunk.indexOf(LF, from)
    const whole = lf >= 0
    const bare = whole && (lf === from || chunk[lf - 1] !== CR)
    if (bare && body.bareLf === 'refused') {
      body.state = 'stray'
      break
    }
    const end = whole ? (bare ? lf : lf - 1) : openEnd(body, chunk, from)
    if (end === undefined) break
    if (body.atStart) {
      if (body.inHeader) lookAtHeader(body, chunk, from, end, whole)
      if (chunk[from] === DOT) {
        if (whole && end === from + 1) {
          body.state = bare || body.afterBareLf ? 'stray' : 'ended'
          from = lf + 1
          break
        }
        if (body.bareLf === 'accepted' || chunk[from + 1] !== CR) from++
      }
    }
    chunk.copyWithin(stored, from, end)
    stored += end - from
    from = end
    body.atStart = whole
    if (!whole) break
    body.afterBareLf = bare
    chunk[stored++] = LF
    from = lf + 1
  }
  body.size += stored
  return { taken: from, stored }
}

/** How far a line without its end can be used; undefined if it has to wait for more. */
function openEnd(body: Body, chunk: Uint8Array, from: number): number | undefined {
  const length = chunk.length - from
  if (body.atStart && body.inHeader && length < LONGEST_HOP) return undefined
  if (body.atStart && chunk[from] === DOT && (length === 1 || (length === 2 && chunk[from + 1] === CR)))
    return undefined
  const end = chunk[chunk.length - 1] === CR ? chunk.length - 1 : chunk.length
  return end === from ? undefined : end
}

/** Counts a hop, or sees that the header ends with this line. */
function lookAtHeader(body: Body, chunk: Uint8Array, from: number, end: number, whole: boolean): void {
  if (whole && end === from) body.inHeader = false
  else if (HOPS.some((word) => begins(chunk, from, end, word))) body.hops++
}

function begins(chunk: Uint8Array, from: number, end: number, word: string): boolean {
  if (end - from < word.length) return false
  for (let i = 0; i < word.length; i++) if (((chunk[from + i] ?? 0) | 32) !== word.charCodeAt(i)) return false
  return true
}
