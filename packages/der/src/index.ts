/** DER, the encoding of keys and certificates (X.690): as much of it as they need. Pure. */

export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const NULL = 0x05
export const OBJECT = 0x06
export const UTC_TIME = 0x17
export const BMP_STRING = 0x1e
export const SEQUENCE = 0x30

/** None of them is longer than what three bytes of length can say. */
const MAX_LENGTH_BYTES = 3

export interface Element {
  readonly tag: number
  readonly contents: Uint8Array
}

/** The elements that follow one another in these bytes; undefined if they are damaged. */
export function readElements(bytes: Uint8Array): readonly Element[] | undefined {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0
    let length = bytes[at + 1] ?? -1
    at += 2
    if (length >= 0x80) {
      const count = length - 0x80
      if (count === 0 || count > MAX_LENGTH_BYTES) return undefined
      length = 0
      for (const byte of bytes.subarray(at, at + count)) length = length * 256 + byte
      at += count
    }
    if (length < 0 || at + length > bytes.length) return undefined
    found.push({ tag, contents: bytes.subarray(at, at + length) })
    at += length
  }
  return found
}

/** The elements within the one that these bytes are, which has this tag; undefined if they are anything else. */
export function readWithin(bytes: Uint8Array, tag: number): readonly Element[] | undefined {
  const [one, more] = readElements(bytes) ?? []
  return one?.tag === tag && more === undefined ? readElements(one.contents) : undefined
}

/** An element of this tag with these contents one after the other. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const { length } of contents) size += length
  const lengthBytes: number[] = []
  for (let left = size; left > 0; left = Math.floor(left / 256)) lengthBytes.unshift(left % 256)
  const head = size < 0x80 ? [tag, size] : [tag, 0x80 + lengthBytes.length, ...lengthBytes]
  const out = new Uint8Array(head.length + size)
  out.set(head)
  let at = head.length
  for (const part of contents) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** The significant bytes of a positive integer; undefined for any other, and for what has no shortest form. */
export function positive({ tag, contents }: Element): Uint8Array | undefined {
  const [first = 0x80, second = 0] = contents
  if (tag !== INTEGER || first >= 0x80) return undefined
  if (first !== 0) return contents
  return contents.length > 1 && second >= 0x80 ? contents.subarray(1) : undefined
}

/** How many bits the number has that these bytes are. */
export function bitLength(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : 8 * bytes.length - Math.clz32(bytes[0] ?? 0) + 24
}

/** An object identifier in dotted form. */
export function identifier({ contents }: Element): string {
  const numbers: number[] = []
  let number = 0
  for (const byte of contents) {
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
