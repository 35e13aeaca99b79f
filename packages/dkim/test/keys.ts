import { generateKeyPairSync, type KeyObject, sign as nodeSign } from 'node:crypto'
import { element, INTEGER, SEQUENCE } from '@moreqmail/der'
import t from 'tap'
import { makeKey, publishedKey, sign, verify } from '../src/crypto.ts'
import { encodeBase64, privateKeyPem, readPrivateKey, readPublicKey } from '../src/keys.ts'
import { b } from './lib/bytes.ts'

const RSA = generateKeyPairSync('rsa', { modulusLength: 1024 })
const ED = generateKeyPairSync('ed25519')
const OTHER = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8'): string {
  return key.export({ type, format: 'pem' }).toString()
}

function der(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'spki'): Uint8Array {
  return new Uint8Array(key.export({ type: type as 'spki', format: 'der' }) as Buffer)
}

const SEED = Buffer.from(der(ED.privateKey, 'pkcs8')).subarray(16)
const ED_PUBLIC = new Uint8Array(Buffer.from(der(ED.publicKey, 'spki')).subarray(12))

t.test('private keys', async (t) => {
  const seed = SEED.toString('base64')
  const good: ReadonlyArray<readonly [string, string, string]> = [
    ['RSA, PKCS #1', pem(RSA.privateKey, 'pkcs1'), 'rsa'],
    ['RSA, PKCS #8', pem(RSA.privateKey, 'pkcs8'), 'rsa'],
    ['Ed25519, PKCS #8', pem(ED.privateKey, 'pkcs8'), 'ed25519'],
    ['with CR LF', pem(ED.privateKey, 'pkcs8').replaceAll('\n', '\r\n'), 'ed25519'],
    ['with text around it', `Key:\n${pem(RSA.privateKey, 'pkcs8')}more\n`, 'rsa'],
    ['seed', seed, 'ed25519'],
    ['seed and line end', `${seed}\n`, 'ed25519'],
  ]
  for (const [name, file, type] of good) {
    const key = readPrivateKey(file)
    t.equal(key?.type, type, name)
    const published = key && (await publishedKey(key))
    t.same(published, type === 'rsa' ? der(RSA.publicKey, 'spki') : ED_PUBLIC, name)
    const signature = key && (await sign(key, b('text')))
    const half = published && readPublicKey(key.type, published)
    t.equal(half && signature && (await verify(half, b('text'), signature)), true, name)
    t.equal(half && signature && (await verify(half, b('texts'), signature)), false, name)
  }
  const text = pem(RSA.privateKey, 'pkcs1')
  for (const [name, file] of [
    ['nothing', ''],
    ['text', 'hello\n'],
    ['a public key', RSA.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['of another kind', pem(OTHER.privateKey, 'pkcs8')],
    ['no end', text.slice(0, 300)],
    ['wrong label', text.replaceAll('RSA PRIVATE', 'PRIVATE')],
    [
      'encrypted',
      RSA.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes128', passphrase: 'x' }).toString(),
    ],
    [
      'encrypted, PKCS #1',
      RSA.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes128', passphrase: 'x' }).toString(),
    ],
    ['too short a seed', SEED.subarray(1).toString('base64')],
    ['NUL', '\0'.repeat(44)],
  ] as const)
    t.equal(readPrivateKey(file), undefined, name)
})

t.test('private keys that are damaged', async (t) => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const whole = der(RSA.privateKey, type)
    const label = type === 'pkcs1' ? 'RSA PRIVATE' : 'PRIVATE'
    const file = (data: Uint8Array) =>
      `-----BEGIN ${label} KEY-----\n${encodeBase64(data)}\n-----END ${label} KEY-----\n`
    t.ok(readPrivateKey(file(whole)))
    for (let length = 1; length < whole.length; length += 1 + Math.floor(length / 20))
      t.equal(readPrivateKey(file(whole.subarray(0, length))), undefined, `${type}: ${length} bytes`)
    const changed = new Uint8Array(whole)
    const at = changed.length - 100
    changed[at] = (changed[at] ?? 0) ^ 1
    const key = readPrivateKey(file(changed))
    const signature = key && (await sign(key, b('text')))
    const half = readPublicKey('rsa', der(RSA.publicKey, 'spki'))
    // Some libraries do without the part that is damaged.
    const right = half && signature && (await verify(half, b('text'), signature))
    t.ok(signature === undefined || right === true, 'no bad signature by a changed key')
  }
})

t.test('public keys', async (t) => {
  const spki = der(RSA.publicKey, 'spki')
  const signature = new Uint8Array(nodeSign('sha256', b('text'), RSA.privateKey))
  for (const data of [spki, der(RSA.publicKey, 'pkcs1')]) {
    const key = readPublicKey('rsa', data)
    t.equal(key?.bits, 1024)
    t.equal(key && (await verify(key, b('text'), signature)), true)
    t.equal(key && (await verify(key, b('text'), signature.subarray(1))), false)
    t.equal(key && (await verify(key, b('text'), new Uint8Array(0))), false)
    t.equal(key && (await verify(key, b('text'), new Uint8Array(100_000))), false)
  }
  for (let length = 0; length < spki.length; length++)
    t.equal(readPublicKey('rsa', spki.subarray(0, length)), undefined, `${length} bytes`)
  t.equal(readPublicKey('rsa', Uint8Array.of(...spki, 0)), undefined)
  t.equal(readPublicKey('rsa', der(OTHER.publicKey, 'spki')), undefined)
  t.equal(readPublicKey('rsa', ED_PUBLIC), undefined)
  for (const data of [spki, ED_PUBLIC.subarray(1), der(ED.publicKey, 'spki')])
    t.equal(readPublicKey('ed25519', data), undefined)
  t.equal(readPublicKey('ed25519', ED_PUBLIC)?.bits, 256)
  const bad = readPublicKey('ed25519', new Uint8Array(32).fill(255))
  t.not(bad && (await verify(bad, b('text'), new Uint8Array(64))), true)
})

t.test('moduli and exponents', async (t) => {
  const key = (n: readonly number[], e: readonly number[]) =>
    readPublicKey('rsa', element(SEQUENCE, element(INTEGER, Uint8Array.from(n)), element(INTEGER, Uint8Array.from(e))))
  const modulus = [0, ...Array<number>(64).fill(0xff)]
  t.equal(key(modulus, [1, 0, 1])?.bits, 512)
  t.equal(key(modulus.with(1, 0x80), [3])?.bits, 512)
  t.equal(key([0x7f, ...modulus.slice(2)], [3])?.bits, 511)
  for (const [n, e] of [
    [modulus, [1]],
    [modulus, [2]],
    [modulus, [0]],
    [modulus, []],
    [modulus, [0xff]],
    [modulus, [1, ...Array<number>(8).fill(1)]],
    [modulus.with(64, 0xfe), [3]],
    [modulus.slice(1), [3]],
    [[0, ...modulus], [3]],
    [[1, ...Array<number>(2048).fill(255)], [3]],
    [[], [3]],
  ] as const)
    t.equal(key(n, e), undefined, JSON.stringify([n.slice(0, 3), n.length, e]))
})

t.test('keys that are made', async (t) => {
  for (const type of ['rsa', 'ed25519'] as const) {
    const file = privateKeyPem(await makeKey(type))
    t.ok(file.split('\n').every((line) => line.length <= 64))
    const key = readPrivateKey(file)
    t.same([key?.type, key?.bits], [type, type === 'rsa' ? 2048 : 256])
    t.not(privateKeyPem(await makeKey(type)), file)
  }
})
