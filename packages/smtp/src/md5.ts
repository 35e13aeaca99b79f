/** MD5 (RFC 1321) and its keyed form HMAC-MD5 (RFC 2104), for CRAM-MD5 alone. Pure. */

const BLOCK = 64

/** RFC 1321 3.4: how far each step of a round rotates, repeated four times. */
const ROTATIONS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const

/** The digest, 16 bytes. */
export function md5(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((Math.floor((message.length + 8) / BLOCK) + 1) * BLOCK)
  padded.set(message)
  padded[message.length] = 0x80
  const words = new DataView(padded.buffer)
  words.setUint32(padded.length - 8, message.length << 3, true)
  words.setUint32(padded.length - 4, Math.floor(message.length / 0x20000000), true)

  const sines = Array.from({ length: BLOCK }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32))
  const state: [number, number, number, number] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  for (let at = 0; at < padded.length; at += BLOCK) {
    let [a, b, c, d] = state
    for (let i = 0; i < BLOCK; i++) {
      const [mix, word] = step(i, b, c, d)
      const sum = a + mix + (sines[i] ?? 0) + words.getUint32(at + 4 * word, true)
      const bits = ROTATIONS[i >> 4]?.[i & 3] ?? 0
      ;[a, b, c, d] = [d, (b + ((sum << bits) | ((sum | 0) >>> (32 - bits)))) | 0, b, c]
    }
    for (const [i, word] of [a, b, c, d].entries()) state[i] = ((state[i] ?? 0) + word) | 0
  }

  const digest = new DataView(new ArrayBuffer(16))
  for (const [i, word] of state.entries()) digest.setInt32(4 * i, word, true)
  return new Uint8Array(digest.buffer)
}

/** What step i mixes of the other three words, and which word of the block it takes. */
function step(i: number, b: number, c: number, d: number): [number, number] {
  if (i < 16) return [(b & c) | (~b & d), i]
  if (i < 32) return [(b & d) | (c & ~d), (5 * i + 1) % 16]
  if (i < 48) return [b ^ c ^ d, (3 * i + 5) % 16]
  return [c ^ (b | ~d), (7 * i) % 16]
}

/** The keyed digest, 16 bytes. */
export function hmacMd5(key: Uint8Array, message: Uint8Array): Uint8Array {
  const short = key.length > BLOCK ? md5(key) : key
  const padded = (pad: number, rest: Uint8Array): Uint8Array => {
    const all = new Uint8Array(BLOCK + rest.length).fill(pad, 0, BLOCK)
    for (const [i, byte] of short.entries()) all[i] = byte ^ pad
    all.set(rest, BLOCK)
    return all
  }
  return md5(padded(0x5c, md5(padded(0x36, message))))
}
