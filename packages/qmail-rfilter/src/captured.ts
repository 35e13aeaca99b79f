/** What of a filter's words is heard. */
import { LF, latin1, sys } from '@moreqmail/unix'

/** Bytes that are looked at in one go. */
const PIECE = 4096

/** The first line in a file that is not empty, `longest` bytes of it; `''` if there is none. */
export function firstLine(file: number, longest: number): string {
  const buffer = new Uint8Array(PIECE + longest)
  for (let at = 0; ; ) {
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
