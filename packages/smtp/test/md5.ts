import { createHash, createHmac } from 'node:crypto'
import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { hmacMd5, md5 } from '../src/md5.ts'
import { random } from './lib/random.ts'

const hex = (digest: Uint8Array) => Buffer.from(digest).toString('hex')

t.test('RFC 1321 A.5', async (t) => {
  const suite: ReadonlyArray<readonly [string, string]> = [
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a', '0cc175b9c0f1b6a831c399e269772661'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
    ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
  ]
  for (const [text, digest] of suite) t.equal(hex(md5(bytes(text))), digest)
})

t.test('RFC 2202 2', async (t) => {
  const suite: ReadonlyArray<readonly [string, string, string]> = [
    ['\x0b'.repeat(16), 'Hi There', '9294727a3638bb1c13f48ef8158bfc9d'],
    ['Jefe', 'what do ya want for nothing?', '750c783e6ab0b503eaa86e310a5db738'],
    ['\xaa'.repeat(16), '\xdd'.repeat(50), '56be34521d144c88dbb8c733f0e8b3f6'],
    [latin1(Uint8Array.from({ length: 25 }, (_, i) => i + 1)), '\xcd'.repeat(50), '697eaf0aca3a3aea3a75164746ffaa79'],
    ['\x0c'.repeat(16), 'Test With Truncation', '56461ef2342edc00f9bab995690efd4c'],
    ['\xaa'.repeat(80), 'Test Using Larger Than Block-Size Key - Hash Key First', '6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd'],
    [
      '\xaa'.repeat(80),
      'Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data',
      '6f630fad67cda0ee1fb1f562db3aa53e',
    ],
  ]
  for (const [key, text, digest] of suite) t.equal(hex(hmacMd5(bytes(key), bytes(text))), digest)
})

t.test('every length, as another implementation has it', async (t) => {
  const next = random(1321)
  for (let length = 0; length < 400; length++) {
    const text = Uint8Array.from({ length }, () => next(256))
    const key = text.slice(0, next(200))
    if (hex(md5(text)) !== createHash('md5').update(text).digest('hex')) t.fail(`md5 of ${length} bytes`)
    if (hex(hmacMd5(key, text)) !== createHmac('md5', key).update(text).digest('hex')) t.fail(`hmac of ${length} bytes`)
  }
})
