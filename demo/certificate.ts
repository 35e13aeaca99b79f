/** Makes a certificate that signs itself (RFC 5280), since the machine may have no openssl. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const SEQUENCE = 0x30
const SET = 0x31
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OBJECT = 0x06
const TEXT = 0x0c
const TIME = 0x17
const TRUE = Buffer.from([0x01, 0x01, 0xff])

const COMMON_NAME = '550403'
const SUBJECT_ALT_NAME = '551d11'
const BASIC_CONSTRAINTS = '551d13'
const ECDSA_WITH_SHA256 = '2a8648ce3d040302'

/** Tag, length and contents (X.690). */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents)
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const object = (hex: string): Buffer => der(OBJECT, Buffer.from(hex, 'hex'))
const time = (date: Date): Buffer =>
  der(TIME, Buffer.from(date.toISOString().replace(/^20|[-:T]|\.\d+/g, ''), 'latin1'))
const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`

/** Key and certificate for a host name, good for a day, as PEM. */
export function selfSigned(host: string): { key: string; certificate: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(SEQUENCE, object(ECDSA_WITH_SHA256))
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, object(COMMON_NAME), der(TEXT, Buffer.from(host)))))
  const serial = randomBytes(16)
  serial[0] = 0x01
  const day = 86_400_000
  const dnsName = der(SEQUENCE, der(0x82, Buffer.from(host)))
  const extensions = der(
    SEQUENCE,
    der(SEQUENCE, object(SUBJECT_ALT_NAME), der(OCTET_STRING, dnsName)),
    der(SEQUENCE, object(BASIC_CONSTRAINTS), TRUE, der(OCTET_STRING, der(SEQUENCE, TRUE))),
  )
  const signed = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))), // version 3
    der(INTEGER, serial),
    algorithm,
    name,
    der(SEQUENCE, time(new Date(Date.now() - day)), time(new Date(Date.now() + day))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', signed, privateKey))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: pem('CERTIFICATE', der(SEQUENCE, signed, algorithm, signature)),
  }
}
