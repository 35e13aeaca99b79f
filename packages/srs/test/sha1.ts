import { createHash, createHmac } from 'node:crypto'
import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { Random } from '../../../test/lib/fuzz.ts'
import { hmacSha1, sha1 } from '../src/sha1.ts'

const hex = (digest: Uint8Array) => Buffer.from(digest).toString('hex')

t.test('RFC 3174 7.3', async (t) => {
  const suite: ReadonlyArray<readonly [string, string]> = [
    ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
    ['a'.repeat(1_000_000), '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
    ['01234567'.repeat(80), 'dea356a2cddd90c7a7ecedc5ebb563934f460452'],
  ]
  for (const [text, digest] of suite) t.equal(hex(sha1(bytes(text))), digest)
})

t.test('RFC 2202 3', async (t) => {
  const suite: ReadonlyArray<readonly [string, string, string]> = [
    ['\x0b'.repeat(20), 'Hi There', 'b617318655057264e28bc0b6fb378c8ef146be00'],
    ['Jefe', 'what do ya want for nothing?', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    ['\xaa'.repeat(20), '\xdd'.repeat(50), '125d7342b9ac11cd91a39af48aa17b4f63f175d3'],
    [
      latin1(Uint8Array.from({ length: 25 }, (_, i) => i + 1)),
      '\xcd'.repeat(50),
      '4c9007f4026250c6bc8414f9bf50c86c2d7235da',
    ],
    ['\x0c'.repeat(20), 'Test With Truncation', '4c1a03424b55e07fe7f27be1d58bb9324a9a5a04'],
    [
      '\xaa'.repeat(80),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      'aa4ae5e15272d00e95705637ce8a3b55ed402112',
    ],
    [
      '\xaa'.repeat(80),
      'Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data',
      'e8e99d0f45237d786d6bbaa7965c7808bbff1a91',
    ],
  ]
  for (const [key, text, digest] of suite) t.equal(hex(hmacSha1(bytes(key), bytes(text))), digest)
})

t.test('every length, as another implementation has it', async (t) => {
  const random = new Random(3174)
  let wrong = 0
  for (let length = 0; length < 400; length++) {
    const text = Uint8Array.from({ length }, () => random.int(256))
    const key = text.slice(0, random.int(200))
    if (hex(sha1(text)) !== createHash('sha1').update(text).digest('hex')) wrong++
    if (hex(hmacSha1(key, text)) !== createHmac('sha1', key).update(text).digest('hex')) wrong++
  }
  t.equal(wrong, 0)
})
