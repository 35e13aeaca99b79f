import t from 'tap'
import { EXIT, verdictOf } from '../src/verdict.ts'

t.test('what a code says', async (t) => {
  for (const verdict of ['accept', 'reject', 'defer', 'broken'] as const) t.equal(verdictOf(EXIT[verdict]), verdict)
  t.equal(verdictOf(-1), 'broken', 'a signal')
  for (const code of [1, 2, 81, 99, 101, 110, 112, 119, 121, 126, 127, 255])
    t.equal(verdictOf(code), 'accept', `${code}`)
})
