import t from 'tap'
import { type Algorithm, bytes, digest, digestOf } from '../src/index.ts'
import { links, play } from './support/probe.ts'

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex')
const LARGE_KEY = '\xaa'.repeat(80)
const LARGE_TEXT = 'Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data'

/** RFC 1321 A.5, RFC 3174 7.3, RFC 6234 8.5; with a key RFC 2202 2 and 3, and RFC 4231 4. */
const VECTORS: ReadonlyArray<readonly [algorithm: Algorithm, text: string, digest: string, key?: string]> = [
  ['md5', '', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['md5', 'message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['md5', '1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
  ['md5', 'Hi There', '9294727a3638bb1c13f48ef8158bfc9d', '\x0b'.repeat(16)],
  ['md5', 'what do ya want for nothing?', '750c783e6ab0b503eaa86e310a5db738', 'Jefe'],
  ['md5', LARGE_TEXT, '6f630fad67cda0ee1fb1f562db3aa53e', LARGE_KEY],
  ['sha1', '', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['sha1', 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['sha1', '01234567'.repeat(80), 'dea356a2cddd90c7a7ecedc5ebb563934f460452'],
  ['sha1', 'Hi There', 'b617318655057264e28bc0b6fb378c8ef146be00', '\x0b'.repeat(20)],
  ['sha1', '\xdd'.repeat(50), '125d7342b9ac11cd91a39af48aa17b4f63f175d3', '\xaa'.repeat(20)],
  ['sha1', LARGE_TEXT, 'e8e99d0f45237d786d6bbaa7965c7808bbff1a91', LARGE_KEY],
  ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['sha256', 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7', '\x0b'.repeat(20)],
  // A key of no bytes is a key.
  ['md5', 'abc', 'dd2701993d29fdd0b032c233cec63403', ''],
]

t.test('the vectors, on this runtime and in the executable', async (t) => {
  const { dir, remove } = links(['digest'])
  t.teardown(remove)
  for (const [algorithm, text, wanted, key] of VECTORS) {
    t.equal(hex(digestOf(algorithm, bytes(text), key === undefined ? undefined : bytes(key))), wanted)
    const { stdout } = play(dir, { argv: ['digest', algorithm, text, ...(key === undefined ? [] : [key])] })
    t.equal(stdout, wanted, `${algorithm} of ${JSON.stringify(text.slice(0, 20))}`)
  }
})

t.test('in pieces', async (t) => {
  const text = bytes('a'.repeat(1000))
  for (const algorithm of ['md5', 'sha1', 'sha256'] as const)
    for (const size of [1, 63, 64, 65, 999]) {
      const one = digest(algorithm)
      for (let at = 0; at < text.length; at += size) one.update(text.subarray(at, at + size))
      t.equal(hex(one.digest()), hex(digestOf(algorithm, text)))
    }
})
