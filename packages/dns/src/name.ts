/**
 * Domain names as text and in messages. Pure.
 *
 * The text is that of RFC 1035 5.1: labels with dots between them, where `\.` and `\\` stand for a dot and a backslash
 * in a label and `\DDD` for the byte with this decimal value; `.` alone is the root. Names out of messages have all
 * bytes but 33 to 126 in the last form, so they are safe to show, and no final dot. In names that are asked for, any
 * byte may stand for itself, and a final dot changes nothing: names are always absolute.
 */
import { DOT, isDigit, lower, SPACE } from '@moreqmail/unix/bytes'

/** RFC 1035 2.3.4 */
const LONGEST_LABEL = 63
const LONGEST_NAME = 255
/** With each byte as `\\DDD`. */
const LONGEST_TEXT = 4 * LONGEST_NAME
/** No name has more labels, so no honest one needs more pointers. */
const MOST_POINTERS = 127
const POINTER = 0xc0
const HEADER_LENGTH = 12

const BACKSLASH = 92
const TILDE = 126

/** The name as in a message, without compression; undefined if there can be no such name. */
export function encodeName(text: string): Uint8Array | undefined {
  if (text === '.') return new Uint8Array(1)
  if (text.length > LONGEST_TEXT) return undefined
  const wire = new Uint8Array(text.length + 2)
  let start = 0
  let at = 1
  for (let i = 0; i < text.length; i++) {
    let byte = text.charCodeAt(i)
    if (byte === DOT) {
      if (!putLength(wire, start, at)) return undefined
      start = at++
      continue
    }
    if (byte === BACKSLASH) {
      const digits = isDigit(text.charCodeAt(i + 1)) ? text.slice(i + 1, i + 4) : ''
      byte = digits === '' ? text.charCodeAt(i + 1) : decimal(digits)
      i += digits === '' ? 1 : 3
    }
    if (!(byte <= 255)) return undefined // NaN, too: there was nothing to escape
    wire[at++] = byte
  }
  const rooted = start > 0 && at === start + 1
  if (!rooted && !putLength(wire, start, at++)) return undefined
  return at > LONGEST_NAME ? undefined : wire.subarray(0, at)
}

/** Puts the length of a label before it; false if it can't be one. */
function putLength(wire: Uint8Array, start: number, end: number): boolean {
  const length = end - start - 1
  wire[start] = length
  return length >= 1 && length <= LONGEST_LABEL
}

/** The value of `DDD`; NaN if it is something else. */
function decimal(digits: string): number {
  const three = [0, 1, 2].every((i) => isDigit(digits.charCodeAt(i)))
  return three ? Number(digits) : Number.NaN
}

/**
 * The name at an offset of a message, and the offset after it; undefined if there is none. Pointers lead only to what
 * comes before the labels they follow (RFC 1035 4.1.4), so there is no loop.
 */
export function decodeName(message: Uint8Array, at: number): readonly [name: string, next: number] | undefined {
  let text = ''
  let length = 1
  let pointers = 0
  let start = at
  let next = -1
  for (;;) {
    const size = message[at]
    if (size === undefined) return undefined
    if (size === 0) return [text === '' ? '.' : text, next < 0 ? at + 1 : next]
    if (size >= POINTER) {
      const low = message[at + 1]
      if (low === undefined) return undefined
      if (next < 0) next = at + 2
      at = ((size & ~POINTER) << 8) | low
      if (at < HEADER_LENGTH || at >= start || ++pointers > MOST_POINTERS) return undefined
      start = at
      continue
    }
    length += 1 + size
    if (size > LONGEST_LABEL || length > LONGEST_NAME || at + size >= message.length) return undefined
    const label = labelText(message, at + 1, at + 1 + size)
    text = text === '' ? label : `${text}.${label}`
    at += 1 + size
  }
}

function labelText(message: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) {
    const byte = message[i] ?? 0
    if (byte === DOT || byte === BACKSLASH) text += '\\'
    text += byte <= SPACE || byte > TILDE ? `\\${String(byte).padStart(3, '0')}` : String.fromCharCode(byte)
  }
  return text
}

/** True if both texts are the same name: letters of either case are equal. RFC 1035 2.3.3 */
export function sameName(a: string, b: string): boolean {
  return canonical(a) === canonical(b)
}

/** One text for all texts of a name; a text that is no name, as it is. */
export function canonical(text: string): string {
  const wire = encodeName(text)
  const decoded = wire === undefined ? undefined : decodeName(wire, 0)
  return decoded === undefined ? lower(text) : decoded[0].toLowerCase()
}
