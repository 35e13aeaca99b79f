import t from 'tap'
import { monthNumber, timeDigits, utcDate, utcTime, writeDate } from '../src/date.ts'

t.test('utcDate', async (t) => {
  t.equal(utcDate(812090814), '26 Sep 1995 04:46:54 -0000')
  t.equal(utcDate(0), '1 Jan 1970 00:00:00 -0000')
  t.equal(utcDate(951782399.999999), '28 Feb 2000 23:59:59 -0000')
  t.equal(utcDate(951782400), '29 Feb 2000 00:00:00 -0000')
  t.equal(utcDate(4102444799), '31 Dec 2099 23:59:59 -0000', 'beyond 2038')
})

t.test('zones', async (t) => {
  const time = utcTime(0)
  for (const [offset, zone] of [
    [undefined, '-0000'],
    [0, '+0000'],
    [-0, '+0000'],
    [60, '+0100'],
    [-90, '-0130'],
    [-1, '-0001'],
    [5999, '+9959'],
    [-5999, '-9959'],
  ] as const)
    t.equal(writeDate({ ...time, offset }), `1 Jan 1970 00:00:00 ${zone}`)
})

t.test('years of any length', async (t) => {
  t.equal(writeDate({ ...utcTime(0), year: 12345 }), '1 Jan 12345 00:00:00 -0000')
  t.equal(writeDate({ ...utcTime(0), year: 7 }), '1 Jan 7 00:00:00 -0000')
})

t.test('timeDigits', async (t) => {
  t.equal(timeDigits(utcTime(812090814)), '19950926044654')
  t.equal(timeDigits({ ...utcTime(812090814), offset: -90 }), '19950926044654', 'as the clock of the zone shows it')
})

t.test('monthNumber', async (t) => {
  t.same(['Jan', 'feb', 'DEC', 'dez', 'January', ''].map(monthNumber), [1, 2, 12, 0, 0, 0])
})
