import t from 'tap'
import { decodeBase64, listOf, squeeze, trim } from '../src/text.ts'
import { b } from './lib/bytes.ts'

t.test('white space', async (t) => {
  t.equal(trim(' \t\r\n a b \n'), 'a b')
  t.equal(trim('  '), '')
  t.equal(squeeze('a \r\n\tb c'), 'abc')
  t.same(listOf('a: b\n\t:c '), ['a', 'b', 'c'])
  const began = Date.now()
  t.equal(trim(`x${' '.repeat(3_000_000)}y`).length, 3_000_002)
  t.equal(squeeze(`x${' '.repeat(3_000_000)}y`), 'xy')
  t.ok(Date.now() - began < 2000, 'much of it costs little')
})

t.test('base64', async (t) => {
  t.same(decodeBase64('aGVs\r\n\tbG8='), b('hello'))
  for (const bad of ['', ' ', 'a', 'aGV$', 'aGVsbG8===', 'a=b=', 'aGVs-G8=', 'aGVs_G8=', '====', 'aGVs\0'])
    t.equal(decodeBase64(bad), undefined, JSON.stringify(bad))
})
