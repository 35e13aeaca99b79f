import t from 'tap'
import { canonical, decodeName, encodeName, sameName } from '../src/name.ts'
import { name, pointed, pointer } from './lib/packet.ts'

/** The name at the start of these bytes, which come after what would be the header and a name. */
const HEADER = Buffer.alloc(12)
const PRIOR = Buffer.concat([HEADER, name('prior.example')])
const decode = (...bytes: Buffer[]) => decodeName(Buffer.concat([PRIOR, ...bytes]), PRIOR.length)

t.test('text to wire', (t) => {
  const good: Array<[string, Buffer]> = [
    ['example.org', name('example.org')],
    ['example.org.', name('example.org')],
    ['org', name('org')],
    ['.', name('')],
    ['MiXed.Example', name('MiXed.Example')],
    ['_25._tcp.mx.example', name('_25._tcp.mx.example')],
    ['a b\x00\xff.example', name('a b\x00\xff.example')],
    ['a\\.b.example', Buffer.from('\x03a.b\x07example\0', 'latin1')],
    ['a\\\\b', Buffer.from('\x03a\\b\0', 'latin1')],
    ['a\\046b\\000\\255.x', Buffer.from('\x05a.b\0\xff\x01x\0', 'latin1')],
    ['\\@', Buffer.from('\x01@\0', 'latin1')],
    ['a\\..', Buffer.from('\x02a.\0', 'latin1')],
    [`${'l'.repeat(63)}.x`, name(`${'l'.repeat(63)}.x`)],
    [`${'a.'.repeat(126)}a`, name(`${'a.'.repeat(126)}a`)],
    [`${`${'l'.repeat(62)}.`.repeat(4)}`, name('l'.repeat(62) + `.${'l'.repeat(62)}`.repeat(3))],
  ]
  for (const [text, wire] of good) t.same(Buffer.from(encodeName(text) ?? []), wire, JSON.stringify(text))
  const bad = [
    '',
    '..',
    'a..b',
    '.a',
    'a..',
    'l'.repeat(64),
    `x.${'l'.repeat(64)}.y`,
    `${'a.'.repeat(127)}a`,
    `${'l'.repeat(63)}.`.repeat(4),
    'x'.repeat(1e6),
    '.'.repeat(1e6),
    'a\\',
    'a\\25',
    'a\\256.x',
    'a\\1x1',
    '\u0100.x',
    'a\\\u0100',
    '\ud83d\ude00',
  ]
  for (const text of bad) t.equal(encodeName(text), undefined, JSON.stringify(text.slice(0, 40)))
  t.end()
})

t.test('wire to text', (t) => {
  t.same(decode(name('example.org')), ['example.org', PRIOR.length + 13])
  t.same(decode(name('')), ['.', PRIOR.length + 1])
  t.same(decode(name('Mixed.Case')), ['Mixed.Case', PRIOR.length + 12])
  t.same(decode(name('a b.\x00\x7f\xff.\\"')), ['a\\032b.\\000\\127\\255.\\\\"', PRIOR.length + 12])
  t.same(decode(Buffer.from('\x03a.b\x00', 'latin1')), ['a\\.b', PRIOR.length + 5])
  t.same(decode(pointer(12)), ['prior.example', PRIOR.length + 2], 'a pointer alone')
  t.same(decode(pointer(18)), ['example', PRIOR.length + 2], 'into a name')
  t.same(decode(pointed('mx', 12)), ['mx.prior.example', PRIOR.length + 5])
  t.same(decode(pointer(12 + 14)), ['.', PRIOR.length + 2], 'to a root')
  t.equal(decodeName(PRIOR, PRIOR.length), undefined, 'beyond the end')
  t.equal(decodeName(PRIOR, 1e9), undefined)
  for (let n = 1; n < 13; n++) t.equal(decode(name('example.org').subarray(0, n)), undefined, `cut after ${n}`)
  t.equal(decode(Buffer.of(0xc0)), undefined, 'half a pointer')
  t.equal(decode(Buffer.of(0x41, ...Buffer.alloc(80))), undefined, 'a label type that is not used')
  t.equal(decode(Buffer.of(0x80, ...Buffer.alloc(300))), undefined, 'another')
  t.end()
})

t.test('pointers go backwards only', (t) => {
  const at = PRIOR.length
  t.equal(decode(pointer(at)), undefined, 'to itself')
  t.equal(decode(pointed('a', at)), undefined, 'to the labels before it')
  t.equal(decode(pointed('a.b', at + 2)), undefined, 'into the labels before it')
  t.equal(decode(pointer(at + 2), name('x')), undefined, 'forward')
  t.equal(decode(pointer(0x3fff)), undefined, 'beyond the end')
  t.equal(decode(pointer(0)), undefined, 'into the header')
  t.equal(decode(pointer(11)), undefined)
  const pair = Buffer.concat([HEADER, pointed('a', 16), pointed('b', 12)])
  t.equal(decodeName(pair, 12), undefined, 'two that point at each other')
  t.equal(decodeName(pair, 16), undefined)
  t.end()
})

t.test('long names by pointers', (t) => {
  // Each adds a label to the one before it.
  const parts = [HEADER, name('a')]
  let at = 12
  let length = 3
  let last = at
  for (let i = 0; i < 200; i++) {
    const whole = Buffer.concat(parts)
    const found = decodeName(whole, last)
    if (length <= 255) t.equal(found?.[0].length, length - 2)
    else t.equal(found, undefined)
    parts.push(pointed('a', last))
    last = whole.length
    length += 2
    at += 4
  }
  t.end()
})

t.test('pointers to pointers', (t) => {
  const chain = [HEADER, name('a')]
  for (let i = 0; i < 8000; i++) chain.push(pointer(i === 0 ? 12 : 15 + 2 * (i - 1)))
  const whole = Buffer.concat(chain)
  t.same(decodeName(whole, 15 + 2 * 100), ['a', 15 + 2 * 101], 'some')
  t.equal(decodeName(whole, 15 + 2 * 7999), undefined, 'thousands')
  t.end()
})

t.test('there and back', (t) => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
  for (const label of [all.slice(0, 60), all.slice(60, 120), all.slice(120, 180), all.slice(180, 240)]) {
    const wire = Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1'), Buffer.of(1, 46, 0)])
    const decoded = decodeName(wire, 0)
    t.same(Buffer.from(encodeName(decoded?.[0] ?? '') ?? []), wire)
    t.match(decoded?.[0], /^[!-~]+$/)
  }
  t.end()
})

t.test('equal names', (t) => {
  t.ok(sameName('Example.ORG', 'example.org.'))
  t.ok(sameName('.', '.'))
  t.ok(sameName('a\\046b', 'A\\.b'))
  t.ok(sameName('\\065.x', 'a.x'))
  t.ok(sameName('a b', 'a\\032b'))
  t.notOk(sameName('a.b', 'a\\.b'))
  t.notOk(sameName('\xe4.x', '\xc4.x'), 'ASCII letters only')
  t.notOk(sameName('example.org', 'example.com'))
  t.equal(canonical('EXAMPLE.org.'), 'example.org')
  t.equal(canonical('a..B'), 'a..b', 'no name')
  t.end()
})
