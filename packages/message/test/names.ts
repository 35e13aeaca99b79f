import t from 'tap'
import { nameRecord, parseSenderName } from '../src/names.ts'

t.test('data of a record', async (t) => {
  t.same(parseSenderName('Joe\0j@x.y'), { name: 'Joe', address: 'j@x.y' })
  t.same(parseSenderName('\0j@x.y'), { name: '', address: 'j@x.y' })
  t.same(parseSenderName('\0'), { name: '', address: '' })
  t.same(parseSenderName('a "b"\t\0odd @x'), { name: 'a "b"\t', address: 'odd @x' })
  for (const data of ['', 'no end', 'Joe\0a\0b', 'Joe\0a\0', 'Joe\nX: y\0a', 'Joe\0a\nb'])
    t.equal(parseSenderName(data), undefined, JSON.stringify(data))
})

t.test('lines', async (t) => {
  t.same(nameRecord('joe@x.y:Joe Shmoe:j@z.w:'), ['joe@x.y', 'Joe Shmoe\0j@z.w'])
  t.same(nameRecord('a:b:c:rest:of it'), ['a', 'b\0c'])
  t.same(nameRecord(':::'), ['', '\0'])
  t.same(nameRecord(' a : b : c :'), [' a ', ' b \0 c '])
  for (const line of ['', '#a:b:c:', 'none', 'a:b', 'a:b:c']) t.equal(nameRecord(line), undefined, line)
})
