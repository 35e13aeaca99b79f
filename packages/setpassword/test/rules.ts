import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { faultOf, isSame } from '../src/rules.ts'

t.test('passwords', async (t) => {
  for (const text of ['x', ' ', '\r', '\xff:', 'x'.repeat(4000)]) t.equal(faultOf(bytes(text)), undefined)
  for (const text of ['', '\0', 'a\0', 'x'.repeat(4001)]) t.type(faultOf(bytes(text)), 'string')
})

t.test('the same twice', async (t) => {
  t.ok(isSame(bytes('abc'), bytes('abc')))
  for (const other of ['', 'ab', 'abcd', 'abC']) t.notOk(isSame(bytes('abc'), bytes(other)), other)
})
