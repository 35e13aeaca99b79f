/** What base64 stands for, where nothing but base64 is accepted. RFC 4648 section 4. Pure. */

const PAD = 61

/** The six bits of a character of the alphabet; -1 for any other byte. */
function bitsOf(byte: number): number {
  if (byte >= 65 && byte <= 90) return byte - 65
  if (byte >= 97 && byte <= 122) return byte - 71
  if (byte >= 48 && byte <= 57) return byte + 4
  return byte === 43 ? 62 : byte === 47 ? 63 : -1
}

/**
 * The bytes; undefined if the text isn't whole groups of four from the alphabet, the last with one or two `=` at its end
 * if it stands for fewer than three bytes. Bits that no byte uses may be anything (section 3.5).
 */
export function decodeBase64(text: Uint8Array): Uint8Array | undefined {
  const { length } = text
  if (length % 4 !== 0) return undefined
  const padding = text[length - 1] !== PAD ? 0 : text[length - 2] !== PAD ? 1 : 2
  // In a buffer of its own, so that it can be overwritten: the engine moves a small array without one when it is cut.
  const out = new Uint8Array(new ArrayBuffer((length / 4) * 3 - padding))
  let at = 0
  let group = 0
  for (let i = 0; i < length; i++) {
    const bits = i < length - padding ? bitsOf(text[i] ?? 0) : 0
    if (bits < 0) {
      out.fill(0)
      return undefined
    }
    group = (group << 6) | bits
    if (i % 4 !== 3) continue
    // What is beyond the end of an array is not stored: there the padding goes.
    out[at++] = group >> 16
    out[at++] = group >> 8
    out[at++] = group
    group = 0
  }
  return out
}
