import t from 'tap'
import { ageOf, stampOf } from '../src/stamp.ts'
import { DAY } from './lib/settings.ts'

t.test('stamps', async (t) => {
  t.equal(stampOf(0), 'AA')
  t.equal(stampOf(DAY - 0.001), 'AA')
  t.equal(stampOf(DAY), 'AB')
  t.equal(stampOf(31 * DAY), 'A7')
  t.equal(stampOf(32 * DAY), 'BA')
  t.equal(stampOf(1023 * DAY), '77')
  t.equal(stampOf(1024 * DAY), 'AA')
})

t.test('ages', async (t) => {
  const now = 20_000 * DAY
  let wrong = 0
  for (let days = 0; days < 1024; days++) if (ageOf(stampOf(now - days * DAY), now + DAY - 1) !== days) wrong++
  t.equal(wrong, 0)
  t.equal(ageOf(stampOf(now + DAY), now), 1023)
  t.equal(ageOf('ab', DAY), 0)
  for (const none of ['', 'A', 'ABC', 'A0', 'A1', '8A', 'A=', 'A\n', '\xc4A'])
    t.equal(ageOf(none, now), undefined, none)
})
