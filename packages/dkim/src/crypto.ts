/** The two signature algorithms, by the runtime's own cryptography. */
import { digestOf } from '@moreqmail/unix/digest'
import type { KeyType, PrivateKey, PublicKey } from './keys.ts'
import { decodeBase64 } from './text.ts'

const ALGORITHM = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ed25519: { name: 'Ed25519' },
} as const

/** What is put before the algorithm: RSA hashes by itself, Ed25519 signs the hash. RFC 8463 3 */
function message(type: KeyType, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(type === 'rsa' ? data : digestOf('sha256', data))
}

/** True if it is this key's signature of these bytes; `bad key` if it can't be used. */
export async function verify(
  { type, bytes }: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean | 'bad key'> {
  const { subtle } = globalThis.crypto
  const format = type === 'rsa' ? 'spki' : 'raw'
  try {
    const key = await subtle.importKey(format, new Uint8Array(bytes), ALGORITHM[type], false, ['verify'])
    return await subtle.verify(ALGORITHM[type].name, key, new Uint8Array(signature), message(type, data))
  } catch {
    return 'bad key'
  }
}

/** This key's signature of these bytes; undefined if it can't be used. */
export async function sign({ type, pkcs8 }: PrivateKey, data: Uint8Array): Promise<Uint8Array | undefined> {
  const { subtle } = globalThis.crypto
  try {
    const key = await subtle.importKey('pkcs8', new Uint8Array(pkcs8), ALGORITHM[type], false, ['sign'])
    return new Uint8Array(await subtle.sign(ALGORITHM[type].name, key, message(type, data)))
  } catch {
    return undefined
  }
}

/** A new private key as PKCS #8: RSA has 2048 bits and the exponent 65537. */
export async function makeKey(type: KeyType): Promise<Uint8Array> {
  const { subtle } = globalThis.crypto
  const kind =
    type === 'rsa'
      ? { ...ALGORITHM.rsa, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }
      : ALGORITHM.ed25519
  const pair = await subtle.generateKey(kind, true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('no key pair')
  return new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey))
}

/** Of a private key what is published of it, the data of p; undefined if it can't be used. RFC 8463 4.2 */
export async function publishedKey({ type, pkcs8, spki }: PrivateKey): Promise<Uint8Array | undefined> {
  const { subtle } = globalThis.crypto
  try {
    const key = await subtle.importKey('pkcs8', new Uint8Array(pkcs8), ALGORITHM[type], true, ['sign'])
    if (type === 'rsa') return spki
    const { x } = await subtle.exportKey('jwk', key)
    return x === undefined ? undefined : decodeBase64(x.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    return undefined
  }
}
