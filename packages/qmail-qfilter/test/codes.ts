import { E2BIG, EAGAIN, ENOENT, ENOMEM, ENOSPC } from '@moreqmail/unix/errno'
import t from 'tap'
import { BAD_ENVELOPE, exitOf } from '../src/codes.ts'

t.test('exit codes', async (t) => {
  t.equal(exitOf({ kind: 'exit', code: 99 }), 0)
  for (const code of [1, 31, 71, 82, 255]) t.equal(exitOf({ kind: 'exit', code }), code)
  t.equal(exitOf({ kind: 'signal', signal: 9 }), 81)
  for (const errno of [ENOENT, E2BIG]) t.equal(exitOf({ kind: 'unable', errno: -errno }), 81)
  for (const errno of [EAGAIN, ENOMEM]) t.equal(exitOf({ kind: 'unable', errno: -errno }), 51)
  t.equal(exitOf({ kind: 'file', errno: -ENOSPC }), 53)
  t.equal(exitOf({ kind: 'envelope', fault: 'more' }), 91)
  t.same(BAD_ENVELOPE, { more: 91, letter: 91, long: 11, many: 51 })
})
