import t from 'tap'
import { utcDate } from '../src/date.ts'

t.test('utcDate', async (t) => {
  t.equal(utcDate(812090814), '26 Sep 1995 04:46:54 -0000')
  t.equal(utcDate(0), '1 Jan 1970 00:00:00 -0000')
  t.equal(utcDate(951782399.999999), '28 Feb 2000 23:59:59 -0000')
  t.equal(utcDate(951782400), '29 Feb 2000 00:00:00 -0000')
  t.equal(utcDate(4102444799), '31 Dec 2099 23:59:59 -0000', 'beyond 2038')
})
