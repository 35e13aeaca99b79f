/** Walks through DER, the encoding of certificates (X.690). Pure. */

/** One element: its tag, and where its contents are. */
export interface Element {
  readonly tag: number
  readonly start: number
  readonly end: number
}

export const SEQUENCE = 0x30
export const SET = 0x31
export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const OBJECT = 0x06
export const BOOLEAN = 0x01
export const BMP_STRING = 0x1e
export const UTC_TIME = 0x17

const LONG = 0x80
/** No certificate is longer than what three bytes of length can say. */
const MAX_LENGTH_BYTES = 3

/** Thrown at anything that is no DER. */
export const MALFORMED = new Error('malformed DER')

/** The element at an offset, all of it before `end`. */
export function element(bytes: Uint8Array, at: number, end: number): Element {
  const [tag, first] = [bytes[at], bytes[at + 1]]
  if (at + 2 > end || tag === undefined || first === undefined) throw MALFORMED
  let start = at + 2
  let length = first
  if (first >= LONG) {
    const count = first - LONG
    if (count === 0 || count > MAX_LENGTH_BYTES || start + count > end) throw MALFORMED
    length = 0
    for (const byte of bytes.subarray(start, start + count)) length = length * 256 + byte
    start += count
  }
  if (length > end - start) throw MALFORMED
  return { tag, start, end: start + length }
}

/** The elements within another one, in order. */
export function elements(bytes: Uint8Array, { start, end }: Element): readonly Element[] {
  const found: Element[] = []
  for (let at = start; at < end; ) {
    const one = element(bytes, at, end)
    found.push(one)
    at = one.end
  }
  return found
}

/** An object identifier in dotted form. */
export function identifier(bytes: Uint8Array, { start, end }: Element): string {
  const numbers: number[] = []
  let number = 0
  for (const byte of bytes.subarray(start, end)) {
    number = number * 128 + (byte & 127)
    if (byte >= 128) continue
    if (numbers.length === 0) {
      const first = Math.min(2, Math.floor(number / 40))
      numbers.push(first, number - 40 * first)
    } else numbers.push(number)
    number = 0
  }
  return numbers.join('.')
}
