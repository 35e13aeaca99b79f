import t from 'tap'
import { LinesFromEnd } from '../src/from-end.ts'
import { foldField, writeAddress, writeEntry, writeNamed } from '../src/writing.ts'

t.test('addresses', async (t) => {
  for (const [address, written] of [
    ['', ''],
    ['@', ''],
    ['a', 'a'],
    ['a@', 'a'],
    ['@h', '""@h'],
    ['a@h', 'a@h'],
    ['a.b@h.x', 'a.b@h.x'],
    ['.a@h', '".a"@h'],
    ['a.@h', '"a."@h'],
    ['a..b@h', '"a..b"@h'],
    ['a@b@c', '"a@b"@c'],
    ['@@c', '"@"@c'],
    ['a b@h', '"a b"@h'],
    ['a"\\\r\0[]b@h', '"a\\"\\\\\\\r\\\0\\[\\]b"@h'],
    ['a\nb@c\nd', '"a\\\0b"@"c\\\0d"'],
    ['j\xfc@m\xfc.de', 'j\xfc@m\xfc.de'],
    ['a\x7fb@h', '"a\x7fb"@h'],
    ['a\tb@h', '"a\tb"@h'],
    ['a@h.', 'a@"h."'],
    ['a@.h', 'a@".h"'],
    ['a@h..x', 'a@"h..x"'],
    ['a@[1.2]', 'a@[1.2]'],
    ['a@[1[2]', 'a@[1\\[2]'],
    ['a@[]', 'a@[]'],
    ['a@[', 'a@"\\["'],
    ['a@x:y', 'a@"x:y"'],
    ["!#$%&'*+-/=?^_`{|}~@h", "!#$%&'*+-/=?^_`{|}~@h"],
  ] as const)
    t.equal(writeAddress(address), written, JSON.stringify(address))
  for (const c of '@<>[](),;:"\\') t.match(writeAddress(`a${c}b@h`), /^".*"@h$/, c)
})

t.test('entries', async (t) => {
  t.equal(writeEntry('', ''), '<>')
  t.equal(writeEntry('@', ''), '<>')
  t.equal(writeEntry('', 'n'), '"n" <>')
  t.equal(writeEntry('a@h', ''), 'a@h')
  t.equal(writeEntry('a@h', 'Joe "X" [\\]'), '"Joe \\"X\\" \\[\\\\\\]" <a@h>')
  t.equal(writeEntry(undefined, 'n'), '"n": ;')
  t.equal(writeNamed('', 'a@h'), '"" <a@h>')
})

t.test('encoded-words', async (t) => {
  const note = (text: string) => writeEntry(undefined, text).slice(0, -3)
  for (const [text, written] of [
    ['=?utf-8?Q?J=C3=BC?=', '=?utf-8?Q?J=C3=BC?='],
    ['=?utf-8?q?a?= Foo', '=?utf-8?q?a?= "Foo"'],
    ['Dr. =?UTF-8?B?SsO8?= van "Dyk"', '"Dr." =?UTF-8?B?SsO8?= "van \\"Dyk\\""'],
    ['=?a?b?c?= =?a?b?d?=', '=?a?b?c?= =?a?b?d?='],
    ["=?!#$%&'*+-/9=AZ^_`az{|}~?b?!*+-/09=AZ_az.?=", "=?!#$%&'*+-/9=AZ^_`az{|}~?b?!*+-/09=AZ_az.?="],
    ['=?a?x?c?=', '"=?a?x?c?="'],
    ['=?a?b?c?', '"=?a?b?c?"'],
    ['=?a?b?c?=x', '"=?a?b?c?=x"'],
    ['=?a?b??=', '"=?a?b??="'],
    ['=??b?c?=', '"=??b?c?="'],
    ['=?a?b?c?d?=', '"=?a?b?c?d?="'],
    ['=?a.b?b?c?=', '"=?a.b?b?c?="'],
    ['=?a?b?c,d?=', '"=?a?b?c,d?="'],
    ['=?a?b?c\xfc?=', '"=?a?b?c\xfc?="'],
    ['=?a\xfc?b?c?=', '"=?a\xfc?b?c?="'],
    ['a  =b', '"a  =b"'],
    ['a  =?a?b?c?=  b', '"a" =?a?b?c?= "b"'],
  ] as const)
    t.equal(note(text), written, text)
  t.equal(writeNamed('=?a?b?c?=', 'x@y'), '=?a?b?c?= <x@y>')
})

function fold(name: string, items: readonly string[]): string {
  const lines = new LinesFromEnd()
  for (const item of items.toReversed()) lines.add(item)
  let out = ''
  foldField(name, lines, (text) => {
    out += text
  })
  return out
}

t.test('folding', async (t) => {
  t.equal(fold('To', ['a']), 'To: a\n')
  t.equal(fold('To', ['a', 'b']), 'To: a, b\n')
  const long = 'x'.repeat(100)
  t.equal(fold('Cc', [long, 'b', long, 'c']), `Cc: ${long},\n  b,\n  ${long},\n  c\n`)
  const sizes = (first: number, second: number, more: readonly string[]) =>
    fold('To', ['a'.repeat(first), 'b'.repeat(second), ...more]).split('\n')[0]?.length
  t.equal(sizes(36, 35, ['c']), 78, 'the comma is in it')
  t.equal(sizes(36, 36, ['c']), 41)
  t.equal(sizes(36, 36, []), 78, 'the last item has none')
  t.equal(sizes(36, 37, []), 41)
  const many = Array.from({ length: 5000 }, (_, i) => `u${i}@h`)
  const out = fold('To', many)
  t.ok(out.split('\n').every((line) => line.length <= 78))
  t.equal(out.replaceAll('\n ', ''), `To: ${many.join(', ')}\n`)
})
