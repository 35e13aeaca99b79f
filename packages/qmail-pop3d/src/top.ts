/** How much of a message TOP sends: its header, the empty line, and so many lines of its body. Pure. */
import { LF } from '@moreqmail/unix/bytes'

/** How far a message has come. */
export interface Top {
  /** How many lines of the body are left; Infinity: no limit. */
  lines: number
  inHeader: boolean
  /** The next byte begins a line. */
  atStart: boolean
}

export function newTop(lines: number): Top {
  return { lines, inHeader: true, atStart: true }
}

/** How many bytes of the next piece are to be sent; fewer than it has: there the message ends for us. */
export function wanted(top: Top, piece: Uint8Array): number {
  if (top.lines === Number.POSITIVE_INFINITY) return piece.length
  let at = 0
  while (at < piece.length) {
    if (!top.inHeader && top.lines === 0) return at
    const lf = piece.indexOf(LF, at)
    if (lf < 0) {
      top.atStart = false
      return piece.length
    }
    if (!top.inHeader) top.lines--
    else if (top.atStart && lf === at) top.inHeader = false
    top.atStart = true
    at = lf + 1
  }
  return at
}
