import t from 'tap'
import { parseTags, withoutSignature } from '../src/tag-list.ts'

t.test('parseTags', async (t) => {
  const good: ReadonlyArray<readonly [string, Record<string, string>]> = [
    ['v=1', { v: '1' }],
    ['v=1;', { v: '1' }],
    ['v=1; \r\n\t', { v: '1' }],
    [' a = b c ;\n x_1=', { a: 'b c', x_1: '' }],
    ['p=a=b==', { p: 'a=b==' }],
    ['V=1;v=2', { V: '1', v: '2' }],
    ['i=j\xfcrgen@x', { i: 'j\xfcrgen@x' }],
  ]
  for (const [text, tags] of good) {
    const list = parseTags(text)
    t.ok(list.sound, text)
    t.same(Object.fromEntries(list.tags), tags)
  }
  for (const bad of [
    '',
    ' ',
    ';',
    'v',
    'v=1;;a=b',
    '=1',
    '1v=2',
    'v-w=1',
    'v v=1',
    'v=1; v=2',
    'v=\0',
    'v=a\x7f',
    'hello world',
  ])
    t.notOk(parseTags(bad).sound, JSON.stringify(bad))
  t.equal(parseTags('a=1; a=2').tags.get('a'), '1', 'of two the first')
})

t.test('withoutSignature', async (t) => {
  t.equal(withoutSignature(' bh=x=; b=abc\n\tdef; d=e'), ' bh=x=; b=; d=e')
  t.equal(withoutSignature('\tb = abc ='), '\tb =')
  t.equal(withoutSignature('a=1; bb=2'), 'a=1; bb=2')
  t.equal(withoutSignature('B=1;b='), 'B=1;b=')
  t.equal(withoutSignature('h=b=c; b=1;b=2'), 'h=b=c; b=;b=2')
})
