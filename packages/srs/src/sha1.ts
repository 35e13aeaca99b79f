/** SHA-1 (RFC 3174) and its keyed form HMAC-SHA1 (RFC 2104), for SRS alone. Pure. */

/** Bytes that are mixed in one go. */
const BLOCK = 64

/** The digest, 20 bytes. */
export function sha1(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((Math.floor((message.length + 8) / BLOCK) + 1) * BLOCK)
  padded.set(message)
  padded[message.length] = 0x80
  const words = new DataView(padded.buffer)
  words.setUint32(padded.length - 8, Math.floor(message.length / 0x20000000))
  words.setUint32(padded.length - 4, message.length << 3)

  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  const schedule = new Int32Array(80)
  for (let at = 0; at < padded.length; at += BLOCK) {
    fill(schedule, words, at)
    mixIn(state, schedule)
  }

  const digest = new DataView(new ArrayBuffer(20))
  for (const [i, word] of state.entries()) digest.setInt32(4 * i, word)
  return new Uint8Array(digest.buffer)
}

/** The 80 words that the block at this offset becomes. */
function fill(schedule: Int32Array, words: DataView, at: number): void {
  const word = (i: number): number => schedule[i] ?? 0
  for (let i = 0; i < 16; i++) schedule[i] = words.getInt32(at + 4 * i)
  for (let i = 16; i < 80; i++) schedule[i] = rotate(word(i - 3) ^ word(i - 8) ^ word(i - 14) ^ word(i - 16), 1)
}

/** The 80 steps of a block. */
function mixIn(state: Int32Array, schedule: Int32Array): void {
  const [a0 = 0, b0 = 0, c0 = 0, d0 = 0, e0 = 0] = state
  let [a, b, c, d, e] = [a0, b0, c0, d0, e0]
  for (let i = 0; i < 80; i++) {
    const sum = (rotate(a, 5) + mix(i, b, c, d) + e + (schedule[i] ?? 0)) | 0
    e = d
    d = c
    c = rotate(b, 30)
    b = a
    a = sum
  }
  state.set([a0 + a, b0 + b, c0 + c, d0 + d, e0 + e])
}

/** What step i adds of three words, with its constant. */
function mix(i: number, b: number, c: number, d: number): number {
  if (i < 20) return ((b & c) | (~b & d)) + 0x5a827999
  if (i < 40) return (b ^ c ^ d) + 0x6ed9eba1
  if (i < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
  return (b ^ c ^ d) + 0xca62c1d6
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** The keyed digest, 20 bytes. */
export function hmacSha1(key: Uint8Array, message: Uint8Array): Uint8Array {
  const short = key.length > BLOCK ? sha1(key) : key
  const keyed = (pad: number, text: Uint8Array): Uint8Array => {
    const all = new Uint8Array(BLOCK + text.length).fill(pad, 0, BLOCK)
    for (const [i, byte] of short.entries()) all[i] = byte ^ pad
    all.set(text, BLOCK)
    return sha1(all)
  }
  return keyed(0x5c, keyed(0x36, message))
}
