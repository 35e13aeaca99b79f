import t from 'tap'
import { fieldsOf, HeaderCollector, type LineEnd, valueText } from '../src/header.ts'
import { b, field, pieces, s } from './lib/bytes.ts'

/** Takes a message apart, which comes in pieces of so many bytes. */
function apart(message: string, size = 1000, limit = 1e6, lineEnd?: LineEnd) {
  const header = new HeaderCollector(limit, lineEnd)
  let rest = ''
  for (const piece of pieces(message, size)) {
    if (header.state === 'open') header.add(piece)
    else rest += s(piece)
  }
  header.finish()
  return {
    header: header.header,
    body: s(header.body) + rest,
    state: header.state,
    lineEnd: header.lineEnd,
    at: header.length,
  }
}

t.test('where the header ends', async (t) => {
  const cases: ReadonlyArray<readonly [message: string, header: string, body: string]> = [
    ['', '', ''],
    ['\n', '', ''],
    ['\nbody', '', 'body'],
    ['\r\nbody\r\n', '', 'body\r\n'],
    ['A: b\n\nbody', 'A: b\n', 'body'],
    ['A: b\n c\n\td\n\n\n', 'A: b\n c\n\td\n', '\n'],
    ['A: b', 'A: b', ''],
    ['A: b\nC', 'A: b\n', 'C'],
    ['A: b\nC:', 'A: b\nC:', ''],
    ['A: b\nno field\nC: d\n', 'A: b\n', 'no field\nC: d\n'],
    ['From joe\nA: b\n\n', '', 'From joe\nA: b\n\n'],
    [' A: b\nC: d\n\n', '', ' A: b\nC: d\n\n'],
    ['A \t: b\n\n', 'A \t: b\n', ''],
    ['A b: c\n\n', '', 'A b: c\n\n'],
    [': c\n\n', '', ': c\n\n'],
    ['A\xe9: c\n', '', 'A\xe9: c\n'],
    ['A: b\n\r\nbody', 'A: b\n', 'body'],
    ['A: b\r\nC: d\r\n\r\nbody\n', 'A: b\r\nC: d\r\n', 'body\n'],
    ['A: b\r\nC: d\nE\r\n\r\n', 'A: b\r\nC: d\nE\r\n', ''],
    ['A: b\r\n\nC: d\r\n\r\n', 'A: b\r\n', '\nC: d\r\n\r\n'],
  ]
  for (const [message, header, body] of cases)
    for (const size of [1, 2, 1000]) {
      const found = apart(message, size)
      t.same([found.header, found.body, found.at], [header, body, header.length], `${JSON.stringify(message)} ${size}`)
    }
  t.equal(apart('A: b\r\n').lineEnd, '\r\n')
  t.equal(apart('A: b\nC: d\r\n').lineEnd, '\n')
  t.equal(apart('A: b').lineEnd, '\n')
  t.equal(apart('A: b\r\nC\n\n', 1000, 1e6, '\n').header, 'A: b\r\n', 'if it is said what ends a line')
})

t.test('too long', async (t) => {
  t.equal(apart(`A: ${'b'.repeat(100)}\n\n`, 7, 50).state, 'long')
  t.equal(apart(`A: b\n\n${'b'.repeat(100)}`, 1000, 50).state, 'ended', 'the body does not count')
  t.equal(apart(`A: b\n\n${'b'.repeat(100)}`, 7, 50).state, 'ended')
})

t.test('fields', async (t) => {
  const fields = fieldsOf('A: b\nC-d \t:e\n f\na:\n', '\n')
  t.same(
    fields.map(({ name, text, from, to }) => [name, text, from, to]),
    [
      ['a', 'A: b', 0, 5],
      ['c-d', 'C-d \t:e\n f', 5, 16],
      ['a', 'a:', 16, 19],
    ],
  )
  t.same(fieldsOf('', '\n'), [])
  t.same(
    fieldsOf('A: b\nc\r\n d\r\ne:f', '\r\n').map(({ text }) => text),
    ['A: b\nc\r\n d', 'e:f'],
  )
  t.equal(valueText(field('A: b:c')), ' b:c')
})

t.test('100,000 fields', async (t) => {
  const header = 'X-Field: value\n\tmore\n'.repeat(100_000)
  const began = Date.now()
  const found = apart(`${header}\nbody`, 65536, 1e8)
  t.equal(fieldsOf(found.header, '\n').length, 100_000)
  t.equal(found.body, 'body')
  t.ok(Date.now() - began < 3000)
  t.same(b(''), new Uint8Array())
})
