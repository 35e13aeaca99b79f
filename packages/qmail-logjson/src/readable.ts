/** Makes UTF-8 of whatever bytes a line has, and keeps terminals from obeying them. Pure. */

/** One sequence of UTF-8 (RFC 3629 section 4) or, last, a byte that is in none. */
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g

/** The byte string with `\xHH` for each byte that is no UTF-8. */
export function readable(line: string): string {
  if (!/[\x80-\xff]/.test(line)) return line
  return line.replace(SEQUENCE, (found) => (found.length > 1 ? found : `\\x${hex(found.charCodeAt(0))}`))
}

/** A line of JSON, in UTF-8 as a byte string, with DEL and the C1 controls escaped; JSON itself escapes the others. */
export function withoutControls(json: string): string {
  return json.replace(/\x7f|\xc2[\x80-\x9f]/g, (found) => `\\u00${hex(found.charCodeAt(found.length - 1))}`)
}

/** Where to cut the bytes at last, so that no sequence of UTF-8 is torn apart. */
export function cutBefore(bytes: Uint8Array): number {
  const length = bytes.length
  for (let back = 1; back < Math.min(4, length); back++) {
    const byte = bytes[length - back] ?? 0
    if (byte >= 0xc0) return length - back
    if (byte < 0x80) break
  }
  return length
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0')
}
