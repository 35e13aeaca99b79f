/** Digests of messages, by the runtime's own cryptography. */

export type Algorithm = 'md5' | 'sha1' | 'sha256'

/** A digest that goes on. */
export interface Digest {
  update(data: Uint8Array): unknown
  /** Ends it. */
  digest(): Uint8Array
}

declare const Bun: { readonly CryptoHasher: new (algorithm: Algorithm, key?: Uint8Array) => Digest } | undefined

/** A new digest; with a key a keyed one, HMAC (RFC 2104). Bun has it at hand; on Node its module is part of the start. */
export function digest(algorithm: Algorithm, key?: Uint8Array): Digest {
  if (typeof Bun !== 'undefined') return new Bun.CryptoHasher(algorithm, key)
  const { createHash, createHmac } = process.getBuiltinModule('node:crypto')
  return key === undefined ? createHash(algorithm) : createHmac(algorithm, key)
}

/** The digest of these bytes; with a key the keyed one. */
export function digestOf(algorithm: Algorithm, data: Uint8Array, key?: Uint8Array): Uint8Array {
  const one = digest(algorithm, key)
  one.update(data)
  return one.digest()
}
