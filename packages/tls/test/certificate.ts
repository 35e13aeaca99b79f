import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseCertificate } from '../src/certificate.ts'
import { certificates, derOf, hasKey } from '../src/pem.ts'

const KEYS = 'test/cases/tls'
const NAMES = ['mx', 'wild', 'local', 'cnonly', 'chain', 'rsa', 'expired', 'self', 'client']

const pem = (name: string) => new Uint8Array(readFileSync(`${KEYS}/${name}.pem`))
const der = (name: string) => derOf(certificates(pem(name))[0] ?? '')

/** What OpenSSL calls it, from what Node calls it. */
const oneline = (name: string) =>
  name
    .split('\n')
    .map((part) => `/${part}`)
    .join('')

t.test('the same as Node reads', async (t) => {
  for (const name of NAMES) {
    const theirs = new X509Certificate(pem(name))
    const ours = parseCertificate(der(name))
    t.same(Buffer.from(der(name)), theirs.raw, `${name}: bytes`)
    t.equal(ours?.subject, oneline(theirs.subject), `${name}: subject`)
    t.equal(ours?.issuer, oneline(theirs.issuer), `${name}: issuer`)
    t.equal(ours?.serial, theirs.serialNumber, `${name}: serial`)
    t.equal(ours?.notBefore, theirs.validFrom, `${name}: from`)
    t.equal(ours?.notAfter, theirs.validTo, `${name}: to`)
    const names = (theirs.subjectAltName ?? '').split(', ').filter((text) => text.startsWith('DNS:'))
    t.same(
      ours?.hosts,
      names.map((text) => text.slice(4)),
      `${name}: hosts`,
    )
  }
})

t.test('addresses', async (t) => {
  t.same(
    parseCertificate(der('local'))?.addresses.map((address) => [...address]),
    [
      [127, 0, 0, 1],
      [...new Array<number>(15).fill(0), 1],
    ],
  )
})

t.test('cut at every byte', async (t) => {
  const whole = der('local')
  for (let n = 0; n < whole.length; n++)
    if (parseCertificate(whole.subarray(0, n)) !== undefined) t.fail(`${n} bytes are taken for a certificate`)
  t.ok(parseCertificate(whole))
})

t.test('every byte changed: another certificate or none, never an exception', async (t) => {
  const whole = der('local')
  for (let i = 0; i < whole.length; i++)
    for (const byte of [0, 0x7f, 0x80, 0xff, (whole[i] ?? 0) ^ 1]) parseCertificate(whole.with(i, byte))
  t.pass()
})

/** One element of DER. */
const make = (tag: number, ...parts: readonly (readonly number[])[]): number[] => {
  const contents = parts.flat()
  return contents.length < 128
    ? [tag, contents.length, ...contents]
    : [tag, 0x82, contents.length >> 8, contents.length & 255, ...contents]
}
const text = (value: string) => [...Buffer.from(value, 'latin1')]
const name = (type: readonly number[], tag: number, value: readonly number[]) =>
  make(0x30, make(0x31, make(0x30, make(6, type), make(tag, value))))
const COMMON_NAME = [0x55, 4, 3]
const time = (tag: number, value: string) => make(tag, text(value))

function certificate(subject: number[], from = time(0x17, '500101000000Z'), to = time(0x18, '20500101000000Z')) {
  const fields = [make(2, [0, 0x80]), make(0x30), name(COMMON_NAME, 0x0c, text('ca')), make(0x30, from, to), subject]
  return Uint8Array.from(make(0x30, make(0x30, ...fields), make(0x30), make(3)))
}

t.test('ugly names', async (t) => {
  const subject = (type: readonly number[], tag: number, value: readonly number[]) =>
    parseCertificate(certificate(name(type, tag, value)))?.subject
  t.equal(subject(COMMON_NAME, 0x0c, text('a\r\nb\0\x7f\xff')), '/CN=a??b???')
  t.equal(subject(COMMON_NAME, 0x1e, [0, 97, 0, 98]), '/CN=ab', 'two bytes a character')
  t.equal(subject(COMMON_NAME, 0x1e, [1, 97, 0, 98, 0]), '/CN=?b?')
  t.equal(subject([0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 9, 1], 0x16, text('a@b')), '/emailAddress=a@b')
  t.equal(subject([0x55, 4, 0x81, 0x48], 0x0c, text('x')), '/2.5.4.200=x')
  t.equal(subject([0x2a], 0x0c, text('x')), '/1.2=x')
})

t.test('numbers and times', async (t) => {
  const parsed = parseCertificate(certificate(name(COMMON_NAME, 0x0c, text('x'))))
  t.equal(parsed?.serial, '80', 'the zero before it is only its sign')
  t.equal(parsed?.notBefore, 'Jan  1 00:00:00 1950 GMT')
  t.equal(parsed?.notAfter, 'Jan  1 00:00:00 2050 GMT')
  const named = name(COMMON_NAME, 0x0c, text('x'))
  t.equal(parseCertificate(certificate(named, time(0x17, '491231235959Z')))?.notBefore, 'Dec 31 23:59:59 2049 GMT')
  t.equal(parseCertificate(certificate(named, time(0x17, '4912312359Z'))), undefined)
  t.equal(parseCertificate(certificate(named, time(0x17, '501301000000Z'))), undefined)
})

t.test('PEM', async (t) => {
  const one = certificates(pem('mx'))[0] ?? ''
  t.equal(certificates(pem('chain')).length, 2)
  t.equal(certificates(Buffer.from(`${one}\n${one}junk${one}`)).length, 3)
  t.equal(certificates(Buffer.from(one.slice(0, -1))).length, 0)
  t.equal(certificates(Buffer.from(one.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'))).length, 1)
  t.equal(certificates(Buffer.from(one.replace('CERTIFICATE', 'X509 CERTIFICATE'))).length, 0)
  t.same(derOf(one.replaceAll('\n', '\r\n')), derOf(one))
  t.same([...derOf('-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----')], [])
  t.ok(hasKey(pem('mx')))
  t.ok(hasKey(Buffer.from('-----BEGIN RSA PRIVATE KEY-----')))
  t.notOk(hasKey(Buffer.from(one)))
})
