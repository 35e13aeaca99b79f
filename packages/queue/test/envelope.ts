import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { EnvelopeParser, MAX_ADDRESS, parseEnvelope } from '../src/envelope.ts'

const whole = 'Fs@x\0Ta@y\0T\0Tb\xff@z\0\0'
const parsed = { sender: 's@x', recipients: ['a@y', '', 'b\xff@z'] }

t.test('whole envelopes', async (t) => {
  t.same(parseEnvelope(bytes(whole)), parsed)
  t.same(parseEnvelope(bytes('F\0\0')), { sender: '', recipients: [] })
  t.same(parseEnvelope(bytes(`${whole}junk\0Tx\0`)), parsed, 'what follows the last NUL is ignored')
})

t.test('cut at every byte', async (t) => {
  for (let n = 0; n < whole.length; n++) t.equal(parseEnvelope(bytes(whole.slice(0, n))), 'more', `${n} bytes`)
})

t.test('in pieces of every size', async (t) => {
  for (let size = 1; size <= whole.length; size++) {
    const parser = new EnvelopeParser()
    for (let at = 0; at < whole.length; at += size) {
      const progress = parser.take(bytes(whole.slice(at, at + size)))
      t.equal(progress, at + size >= whole.length ? 'complete' : 'more')
    }
    t.same(parser.envelope, parsed)
  }
})

t.test('wrong letters', async (t) => {
  for (const text of ['X', '\0', 'Ts\0', 'f', 'Fs\0F', 'Fs\0t', 'Fs\0Ta\0X', 'Fs\0Ta\0\x80'])
    t.equal(parseEnvelope(bytes(text)), 'letter', JSON.stringify(text))
})

t.test('lengths', async (t) => {
  const longest = 'x'.repeat(MAX_ADDRESS)
  t.same(parseEnvelope(bytes(`F${longest}\0T${longest}\0\0`)), { sender: longest, recipients: [longest] })
  t.equal(parseEnvelope(bytes(`F${longest}x`)), 'long', 'said before the NUL comes')
  t.equal(parseEnvelope(bytes(`F${longest}x\0\0`)), 'long')
  t.equal(parseEnvelope(bytes(`F\0T${longest}x\0\0`)), 'long')
  t.equal(parseEnvelope(bytes(`F${'x'.repeat(10_000_000)}`)), 'long')
  const parser = new EnvelopeParser()
  t.equal(parser.take(bytes(`F${longest}`)), 'more')
  t.equal(parser.take(bytes('x')), 'long')
  t.equal(parser.take(bytes('\0\0')), 'long', 'it stays so')
})

t.test('many addresses', async (t) => {
  const parser = new EnvelopeParser()
  parser.take(bytes('F\0'))
  const piece = bytes('Tsomebody@example.org\0'.repeat(1000))
  for (let i = 0; i < 100; i++) parser.take(piece)
  t.equal(parser.take(bytes('\0')), 'complete')
  t.equal(parser.envelope.recipients.length, 100_000)
})
