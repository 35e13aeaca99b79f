import t from 'tap'
import { takeStamp } from '../src/stamp.ts'

t.test('TAI64N labels', async (t) => {
  t.same(takeStamp('@400000000000000a00000000 x'), { time: 0, line: 'x' })
  t.same(takeStamp('@4000000037c219bf2ef02e94 x'), { time: 935467445787, line: 'x' }, 'an example of tai64n(8)')
  t.same(takeStamp('@400000000000000a000f4240 '), { time: 1, line: '' })
  t.same(takeStamp('@400000000000000900000000 @x'), { time: -1000, line: '@x' })
})

t.test('what is none', async (t) => {
  for (const line of [
    '',
    '@',
    'x @400000000000000a00000000 x',
    '@400000000000000a00000000',
    '@400000000000000a0000000 x',
    '@400000000000000A00000000 x',
    '@400000000000000a000000000 x',
    '@400000000000000a3b9aca00 x',
    '@ffffffffffffffff00000000 x',
    '@000000000000000000000000 x',
  ])
    t.same(takeStamp(line), { time: undefined, line }, line)
})
