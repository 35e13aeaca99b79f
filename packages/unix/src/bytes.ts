/** Byte strings: one latin1 character for each byte, and the same in a Uint8Array. Pure. */

export const NUL = 0
export const TAB = 9
export const LF = 10
export const CR = 13
export const SPACE = 32
export const DOT = 46

/** How many bytes become characters in one call: below every engine's limit of arguments. */
const PIECE = 8192

/** The bytes as a byte string. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  if (to - from <= PIECE) return String.fromCharCode.apply(null, bytes.subarray(from, to) as unknown as number[])
  let text = ''
  for (let at = from; at < to; at += PIECE) text += latin1(bytes, at, Math.min(to, at + PIECE))
  return text
}

/** Writes a byte string at an offset; how many bytes. The room must be there. */
export function put(into: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i)
  return text.length
}

/** The bytes of a byte string. */
export function bytes(text: string): Uint8Array {
  const out = new Uint8Array(text.length)
  put(out, 0, text)
  return out
}

/** ASCII letters in lower case; all other bytes as they are. */
export function lower(text: string): string {
  // The engine also folds some bytes above 127; where it has nothing to fold there are no letters of ASCII either.
  return text.toLowerCase() === text ? text : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** The text without the spaces, tabs and line feeds at its end. */
export function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && ' \t\n'.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/** The leading decimal digits as a number, Infinity when beyond 2^53; undefined when there are none. */
export function leadingNumber(text: string): number | undefined {
  const digits = leadingDigits(text)
  if (digits === '') return undefined
  const n = Number(digits)
  return n <= Number.MAX_SAFE_INTEGER ? n : Number.POSITIVE_INFINITY
}

/** The leading decimal digits as an integer, however many; undefined when there are none. */
export function leadingInteger(text: string): bigint | undefined {
  const digits = leadingDigits(text)
  return digits === '' ? undefined : BigInt(digits)
}

function leadingDigits(text: string): string {
  let end = 0
  while (isDigit(text.charCodeAt(end))) end++
  return text.slice(0, end)
}

/** The whole text as a decimal number up to max; undefined when it is anything else. */
export function wholeNumber(text: string, max = 0x7fffffff): number | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined
  const n = Number(text)
  return n <= max ? n : undefined
}

/** True for the byte values of 0-9 (NaN, as of charCodeAt beyond the end, is none). */
export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

/** The part after the last slash. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** One line's worth of foreign text: bytes below 33 and above 126 (so blanks too) as `?`. */
export function visible(text: string): string {
  return text.replace(/[^!-~]/g, '?')
}

/** True if both are of one length and have the same bytes; the time depends on the length alone. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let i = 0; i < one.length; i++) difference |= (one[i] ?? 0) ^ (other[i] ?? 0)
  return difference === 0
}
