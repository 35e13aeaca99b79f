/** White space and base64 as the tags of DKIM have them. Pure. */

/** The text without the blanks and line ends at both ends. RFC 6376 2.8: FWS */
export function trim(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

/** The text without any blanks and line ends. */
export function squeeze(text: string): string {
  return text.replace(/[ \t\r\n]+/g, '')
}

/** The items between colons, each without white space around it. */
export function listOf(text: string): readonly string[] {
  return text.split(':').map(trim)
}

/** What base64 stands for, white space in it ignored; undefined if it is damaged or nothing. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const squeezed = squeeze(text)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(squeezed)) return undefined
  // With padding the length is a multiple of 4; without, no single character is left over.
  const over = squeezed.length % 4
  return over === 1 || (over !== 0 && squeezed.endsWith('='))
    ? undefined
    : new Uint8Array(Buffer.from(squeezed, 'base64'))
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13
}
