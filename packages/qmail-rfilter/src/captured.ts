/** What of a filter's words is heard. */
import { LF, latin1, sys } from '@moreqmail/unix'
import type { Letter } from './report.ts'

/** Bytes that are looked at in one go. */
const PIECE = 4096

/** The letter that the file begins with, if that says whether it is for good or for now. */
export function firstLetter(file: number): Letter | '' {
  const byte = new Uint8Array(1)
  if (sys.pread(file, byte, 0, 1, 0) !== 1) return ''
  const letter = latin1(byte)
  return letter === 'D' || letter === 'Z' ? letter : ''
}

/** The first line from there on that is not empty, `longest` bytes of it; `''` if there is none. */
export function firstLine(file: number, longest: number, from = 0): string {
  const buffer = new Uint8Array(PIECE + longest)
  for (let at = from; ; ) {
    const n = sys.pread(file, buffer, 0, buffer.length, at)
    if (n <= 0) return ''
    const start = buffer.subarray(0, n).findIndex((byte) => byte !== LF)
    if (start >= 0 && (start < PIECE || n < buffer.length)) {
      const rest = buffer.subarray(start, Math.min(n, start + longest))
      const end = rest.indexOf(LF)
      return latin1(rest, 0, end < 0 ? rest.length : end)
    }
    at += Math.min(n, PIECE)
  }
}
