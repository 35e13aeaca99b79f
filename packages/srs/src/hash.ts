/** The hash by which an SRS address shows that it was made here. Pure. */
import { bytes, lower, sameBytes } from '@moreqmail/unix/bytes'
import { digestOf } from '@moreqmail/unix/digest'

/** What HMAC-SHA1 comes to in base64, without padding. */
export const FULL_HASH = 27

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The whole hash of these parts of an address, in which ASCII case makes no difference: 27 characters of base64. */
export function fullHash(secret: string, parts: readonly string[]): string {
  const digest = digestOf('sha1', bytes(lower(parts.join(''))), bytes(secret))
  let text = ''
  for (let bit = 0; text.length < FULL_HASH; bit += 6) {
    const at = bit >> 3
    const two = ((digest[at] ?? 0) << 8) | (digest[at + 1] ?? 0)
    text += BASE64.charAt((two >> (10 - (bit & 7))) & 63)
  }
  return text
}

/**
 * True if the text is the beginning of the hash of these parts under one of the secrets. Case makes no difference, since
 * mail systems on the way may have changed it.
 */
export function isHash(text: string, secrets: readonly string[], parts: readonly string[]): boolean {
  if (text.length > FULL_HASH) return false
  const given = bytes(lower(text))
  let found = 0
  // All of them, so that the time tells nothing about which one it was.
  for (const secret of secrets)
    found |= sameBytes(given, bytes(lower(fullHash(secret, parts).slice(0, text.length)))) ? 1 : 0
  return found === 1
}
