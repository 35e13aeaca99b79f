import t from 'tap'
import { parseAddresses } from '../src/address-list.ts'
import { type Entry, plainEntries } from './lib/plain-list.ts'
import { listText, random } from './lib/random.ts'

function entries(text: string): Entry[] {
  const out: Entry[] = []
  parseAddresses(text, (address, note) => void out.unshift({ address, note }))
  return out
}

/** Entries as `note<address>`, without the brackets for a note alone. */
const brief = (text: string): readonly string[] =>
  entries(text).map(({ address, note }) => (address === undefined ? note : `${note}<${address}>`))

t.test('addresses and notes', async (t) => {
  for (const [text, wanted] of [
    ['', []],
    [' \t ', []],
    [',;,', []],
    ['joe fred', ['<joe@>', '<fred@>']],
    ['joe@a.b fred@c.d bill', ['<joe@a.b>', '<fred@c.d>', '<bill@>']],
    [' a . b @ c . d ', ['<a.b@c.d>']],
    ['Joe Shmoe <joe@h>', ['Joe Shmoe<joe@h>']],
    ['joe@h (Joe (the man))', ['Joe (the man)<joe@h>']],
    ['(a) joe@h (b)', ['a b<joe@h>']],
    ['<@r1,@r2:u@h.x>', ['@r1@r2<u@h.x>']],
    ['Joe <@r1,@r2:u@h.x>', ['Joe @r1@r2<u@h.x>']],
    ['@r1:joe@h', ['@r1<joe@h>']],
    ['list: a@x.y, b@x.y;', ['list<a@x.y>', '<b@x.y>']],
    ['list:;', ['list']],
    ['a: b: c', ['a', 'b<c@>']],
    ['one: Joe <a@x.y>;', ['one', 'Joe<a@x.y>']],
    ['(x), a@b', ['x', '<a@b>']],
    ['"a" (b) <c@d.e> (f)', ['a b f<c@d.e>']],
    ['<>', ['<@>']],
    ['<@>', ['<@>']],
    ['<@h>', ['<@h>']],
    ['a<b>c<d>e', ['a<b@>', 'c<d@>', '<e@>']],
    ['x < y', ['<xy@>']],
    ['Joe <joe@h.x', ['<Joejoe@h.x>']],
    ['Joe joe@h.x>', ['<Joejoe@h.x>']],
    ['<<a@b>>', ['<a@b>']],
    ['a, b, c>', ['<abc@>']],
    ['< joe (c) @ h.x >', ['c<joe@h.x>']],
    ['a@b@c', ['<a@b@c>']],
    ['.', ['<.@>']],
    ['a..b', ['<a..b@>']],
    ['"a"b"c"', ['<a@>', '<b@>', '<c@>']],
    ['"a@b"@h', ['<a@b@h>']],
    ['a"b"@h', ['<a@>', '<b@h>']],
    ['a@h"b"', ['<a@h>', '<b@>']],
    ['Joe\tShmoe\t<a@b>', ['Joe\tShmoe\t<a@b>']],
    ['a\t(\tb\t)\tc', ['<a@>', '\tb\t<c@>']],
    ['"a   b" <c@d>', ['a b<c@d>']],
    ['(   ) a', ['<a@>']],
    ['[1.2.3.4', ['<[1.2.3.4]@>']],
    ['(unclosed (x)', ['unclosed (x)']],
    ['a\0b@\r', ['<a\0b@\r>']],
  ] as const)
    t.same(brief(text), wanted, JSON.stringify(text))
})

t.test('as described, for whatever text', async (t) => {
  const pick = random(822)
  let tried = 0
  for (; tried < 20_000; tried++) {
    const text = listText(pick, 14)
    const wanted = JSON.stringify(plainEntries(text))
    if (JSON.stringify(entries(text)) !== wanted) t.equal(JSON.stringify(entries(text)), wanted, JSON.stringify(text))
  }
  t.equal(tried, 20_000)
})
