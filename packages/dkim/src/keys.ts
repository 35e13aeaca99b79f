/** Keys: what files and key records hold, as WebCrypto wants them. Pure. */
import {
  BIT_STRING,
  bitLength,
  type Element,
  element,
  INTEGER,
  NULL,
  OBJECT,
  OCTET_STRING,
  positive,
  readElements,
  readWithin,
  SEQUENCE,
} from '@moreqmail/der'
import { bytes, sameBytes } from '@moreqmail/unix/bytes'
import { decodeBase64, squeeze } from './text.ts'

export type KeyType = 'rsa' | 'ed25519'

/** A public key: of RSA as SubjectPublicKeyInfo, of Ed25519 as it is. */
export interface PublicKey {
  readonly type: KeyType
  readonly bytes: Uint8Array
  /** Of an RSA modulus; an Ed25519 key has 256. */
  readonly bits: number
}

/** A private key as PKCS #8. */
export interface PrivateKey {
  readonly type: KeyType
  readonly pkcs8: Uint8Array
  readonly bits: number
  /** Of an RSA key the public half, as SubjectPublicKeyInfo. */
  readonly spki?: Uint8Array
}

/** Whoever uses a longer key has us compute for nothing. */
const MOST_BITS = 16384
const SEED_SIZE = 32
const SEED_IN_BASE64 = 44

/** 1.2.840.113549.1.1.1, RFC 8017 A.1 */
const RSA_ENCRYPTION = bytes('\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01')
/** 1.3.101.112, RFC 8410 3 */
const ED25519 = bytes('\x2b\x65\x70')
const ZERO = element(INTEGER, bytes('\0'))
const RSA_ALGORITHM = element(SEQUENCE, element(OBJECT, RSA_ENCRYPTION), element(NULL))
const ED25519_ALGORITHM = element(SEQUENCE, element(OBJECT, ED25519))

/** The bytes of a tag p of this type; undefined if they are no such key. RFC 6376 3.6.1, RFC 8463 4.2 */
export function readPublicKey(type: KeyType, data: Uint8Array): PublicKey | undefined {
  if (type === 'ed25519') return data.length === SEED_SIZE ? { type, bytes: data, bits: 8 * SEED_SIZE } : undefined
  const parts = readWithin(data, SEQUENCE)
  const [first, second] = parts ?? []
  if (first?.tag === SEQUENCE && second?.tag === BIT_STRING && parts?.length === 2) {
    // The bit string's first byte says how many of its last bits are none.
    if (!isAlgorithm(first, RSA_ENCRYPTION) || second.contents[0] !== 0) return undefined
    return rsaPublicKey(readWithin(second.contents.subarray(1), SEQUENCE))
  }
  return rsaPublicKey(parts)
}

/** Modulus and exponent. RFC 8017 A.1.1 */
function rsaPublicKey(parts: readonly Element[] | undefined): PublicKey | undefined {
  const [modulus, exponent, more] = parts ?? []
  const bits = rsaBits(modulus, exponent)
  if (modulus === undefined || exponent === undefined || more !== undefined || bits === undefined) return undefined
  const key = element(SEQUENCE, element(INTEGER, modulus.contents), element(INTEGER, exponent.contents))
  return {
    type: 'rsa',
    bytes: element(SEQUENCE, RSA_ALGORITHM, element(BIT_STRING, bytes('\0'), key)),
    bits,
  }
}

/** The bits of the modulus; undefined if the two numbers can't be a key. */
function rsaBits(modulus: Element | undefined, exponent: Element | undefined): number | undefined {
  const n = modulus === undefined ? undefined : positive(modulus)
  const e = exponent === undefined ? undefined : positive(exponent)
  if (n === undefined || e === undefined || !isOdd(n) || !isOdd(e) || bitLength(e) < 2) return undefined
  const bits = bitLength(n)
  return bits <= MOST_BITS && bitLength(e) <= 64 ? bits : undefined
}

function isOdd(number: Uint8Array): boolean {
  return ((number[number.length - 1] ?? 0) & 1) === 1
}

const BEGIN = /-----BEGIN (RSA |)PRIVATE KEY-----/

/** The private key in a file: PEM (PKCS #1 or PKCS #8), or the seed of an Ed25519 key in base64; undefined for none. */
export function readPrivateKey(file: string): PrivateKey | undefined {
  const begin = BEGIN.exec(file)
  if (begin === null) {
    const seed = squeeze(file).length === SEED_IN_BASE64 ? decodeBase64(file) : undefined
    return seed === undefined ? undefined : ed25519Key(seed)
  }
  const [line, label] = begin
  const from = begin.index + line.length
  const to = file.indexOf(`-----END ${label}PRIVATE KEY-----`, from)
  const data = to < 0 ? undefined : decodeBase64(file.slice(from, to))
  if (data === undefined) return undefined
  return label === '' ? pkcs8Key(data) : rsaKey(data)
}

/** RFC 5958 2; attributes are left out. */
function pkcs8Key(data: Uint8Array): PrivateKey | undefined {
  const [version, algorithm, key] = readWithin(data, SEQUENCE) ?? []
  if (version?.tag !== INTEGER || algorithm === undefined || key?.tag !== OCTET_STRING) return undefined
  if (isAlgorithm(algorithm, RSA_ENCRYPTION)) return rsaKey(key.contents)
  if (!isAlgorithm(algorithm, ED25519)) return undefined
  const [seed, more] = readElements(key.contents) ?? []
  return seed?.tag === OCTET_STRING && more === undefined ? ed25519Key(seed.contents) : undefined
}

function isAlgorithm({ tag, contents }: Element, identifier: Uint8Array): boolean {
  const [object] = tag === SEQUENCE ? (readElements(contents) ?? []) : []
  return object?.tag === OBJECT && sameBytes(object.contents, identifier)
}

/** RFC 8017 A.1.2 */
function rsaKey(data: Uint8Array): PrivateKey | undefined {
  const parts = readWithin(data, SEQUENCE)
  const [, modulus, exponent] = parts ?? []
  const half = modulus && exponent && parts?.length === 9 ? rsaPublicKey([modulus, exponent]) : undefined
  if (half === undefined) return undefined
  const pkcs8 = element(SEQUENCE, ZERO, RSA_ALGORITHM, element(OCTET_STRING, data))
  return { type: 'rsa', pkcs8, bits: half.bits, spki: half.bytes }
}

/** RFC 8410 7 */
function ed25519Key(seed: Uint8Array): PrivateKey | undefined {
  if (seed.length !== SEED_SIZE) return undefined
  const key = element(OCTET_STRING, element(OCTET_STRING, seed))
  return { type: 'ed25519', pkcs8: element(SEQUENCE, ZERO, ED25519_ALGORITHM, key), bits: 8 * SEED_SIZE }
}

/** PKCS #8 as PEM, in lines of 64. RFC 7468 10 */
export function privateKeyPem(pkcs8: Uint8Array): string {
  const lines = encodeBase64(pkcs8).match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

export function encodeBase64(data: Uint8Array): string {
  let text = ''
  for (let at = 0; at < data.length; at += 3072) text += btoa(String.fromCharCode(...data.subarray(at, at + 3072)))
  return text
}
