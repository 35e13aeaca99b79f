import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { HeaderBuffer } from '../src/header-end.ts'

/** Header and rest of a message that comes in pieces; `rest` is undefined if the header has not ended. */
function parts(pieces: readonly string[], limit = 1000): { state: string; header: string; rest: string | undefined } {
  const buffer = new HeaderBuffer(limit)
  let rest = ''
  for (const piece of pieces) {
    if (buffer.state === 'open') buffer.add(bytes(piece))
    else rest += piece
  }
  const ended = buffer.state === 'ended'
  return { state: buffer.state, header: latin1(buffer.header), rest: ended ? latin1(buffer.rest) + rest : undefined }
}

const MESSAGES = [
  ['A: b\nC : d\n\nbody\n', 'A: b\nC : d\n', '\nbody\n'],
  ['A: b\n c\n\td\n \n\n', 'A: b\n c\n\td\n \n', '\n'],
  [' x\nA:b\nbody: no: this is\nA b: c\n', ' x\nA:b\nbody: no: this is\n', 'A b: c\n'],
  ['\n', '', '\n'],
  ['text\n', '', 'text\n'],
  [': x\n', '', ': x\n'],
  ['A\t \t: x\nA \tB: x\n', 'A\t \t: x\n', 'A \tB: x\n'],
  ['A\n:\n', '', 'A\n:\n'],
  ['A \n:\n', '', 'A \n:\n'],
  ['A\xe9: x\n', '', 'A\xe9: x\n'],
  ['A\0: x\n', '', 'A\0: x\n'],
  ['A\x7f: x\n', '', 'A\x7f: x\n'],
  ['!~: \0\xff\r\n\r\nx', '!~: \0\xff\r\n', '\r\nx'],
  ['From joe Mon\n', '', 'From joe Mon\n'],
] as const

t.test('where it ends, however it comes', async (t) => {
  for (const [text, header, rest] of MESSAGES) {
    const wanted = { state: 'ended', header, rest }
    const name = JSON.stringify(text)
    t.same(parts([text]), wanted, name)
    t.same(parts(Array.from(text)), wanted, `${name}, a byte at a time`)
    for (let at = 1; at < text.length; at++)
      t.same(parts([text.slice(0, at), text.slice(at)]), wanted, `${name} at ${at}`)
  }
})

t.test('it may not end at all', async (t) => {
  const text = 'A: b\n c\nD: e\n'
  for (let at = 0; at <= text.length; at++)
    t.same(parts([text.slice(0, at)]), { state: 'open', header: text.slice(0, at), rest: undefined })
})

t.test('it is bounded', async (t) => {
  const line = (size: number) => `A: ${'x'.repeat(size - 4)}\n`
  t.equal(parts([line(1000), '\n']).state, 'ended')
  t.equal(parts([line(1001), '\n']).state, 'long')
  t.equal(parts([`${line(1001)}\n`]).state, 'long', 'even if its end is there')
  t.equal(parts([`${line(1000)}\n${'x'.repeat(5000)}`]).state, 'ended', 'what follows does not count')
  t.equal(parts(['x'.repeat(1001)]).state, 'long', 'a name')
  t.equal(parts(Array.from('x'.repeat(1001))).state, 'long')
  t.same(parts(['x'.repeat(1001), ' x\n\n']), { state: 'long', header: '', rest: undefined })
})

t.test('a name that comes byte by byte is looked at once', async (t) => {
  const buffer = new HeaderBuffer(4_000_000)
  const byte = bytes('x')
  const began = performance.now()
  for (let i = 0; i < 1_000_000; i++) buffer.add(byte)
  t.equal(buffer.state, 'open')
  t.ok(performance.now() - began < 5000)
})
