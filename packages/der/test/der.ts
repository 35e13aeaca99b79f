import t from 'tap'
import { bitLength, element, identifier, OBJECT, readElements, readWithin, SEQUENCE } from '../src/index.ts'

t.test('DER', async (t) => {
  for (const size of [0, 1, 127, 128, 255, 256, 65536]) {
    const one = element(SEQUENCE, new Uint8Array(size))
    t.equal(readElements(one)?.[0]?.contents.length, size)
    t.equal(readElements(one.subarray(0, -1)), undefined)
    t.same(readWithin(element(SEQUENCE, one), SEQUENCE)?.length, 1)
  }
  for (const bad of [
    [0x30],
    [0x30, 0x80],
    [0x30, 0x84, 0, 0, 0, 0],
    [0x30, 0x81],
    [0x30, 0x83, 255, 255, 255],
    [0x30, 255],
  ])
    t.equal(readElements(Uint8Array.from(bad)), undefined, String(bad))
  t.same(
    [[], [1], [128], [1, 0]].map((bytes) => bitLength(Uint8Array.from(bytes))),
    [0, 1, 8, 9],
  )
})

t.test('object identifiers', async (t) => {
  const of = (hex: string) => identifier({ tag: OBJECT, contents: new Uint8Array(Buffer.from(hex, 'hex')) })
  t.equal(of('550403'), '2.5.4.3')
  t.equal(of('2a864886f70d010101'), '1.2.840.113549.1.1.1')
  t.equal(of('883703'), '2.999.3')
  t.equal(of('2b6570'), '1.3.101.112')
})
