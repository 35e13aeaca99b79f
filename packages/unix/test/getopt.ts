import t from 'tap'
import { getopt } from '../src/getopt.ts'

/** The command line `words` as text: `x` a flag, `x=value` an option with argument, `|` before the rest. */
function shown(words: string, letters = 'vqc:l:1', long = {}): string {
  const line = getopt(words.split(' '), letters, long)
  if ('fault' in line) return `${line.fault} -- ${line.option}`
  const options = line.options.map(({ letter, value }) => (value === '' ? letter : `${letter}=${value}`))
  return [...options, '|', ...line.rest].join(' ')
}

t.test('letters', async (t) => {
  t.same(getopt([], 'v'), { options: [], rest: [] })
  t.equal(shown('0 25 prog -v'), '| 0 25 prog -v')
  t.equal(shown('-v -q 0'), 'v q | 0')
  t.equal(shown('-vq1 0'), 'v q 1 | 0')
  t.equal(shown('-v -- -q'), 'v | -q')
  t.equal(shown('-v - -q'), 'v | - -q')
  t.equal(shown('-vx'), 'illegal option -- x')
  t.equal(shown('-:'), 'illegal option -- :')
  t.equal(shown('-\xe9'), 'illegal option -- \xe9')
})

t.test('arguments', async (t) => {
  t.equal(shown('-c5 -l name 0'), 'c=5 l=name | 0')
  t.equal(shown('-vl0 0'), 'v l=0 | 0')
  t.equal(shown('-c -v 0'), 'c=-v | 0', 'whatever comes next')
  t.equal(shown('-c -- 0'), 'c=-- | 0')
  t.equal(shown('-v -c'), 'option requires an argument -- c')
  t.same(getopt(['-l', '', 'x'], 'l:'), { options: [{ letter: 'l', value: '' }], rest: ['x'] })
})

t.test('long names', async (t) => {
  const long = { quiet: 'q', count: 'c' }
  t.equal(shown('--quiet --count=5 -v x', 'vqc:', long), 'q c=5 v | x')
  t.equal(shown('--count=a=b x', 'vqc:', long), 'c=a=b | x')
  t.same(getopt(['--count='], 'c:', long), { options: [{ letter: 'c', value: '' }], rest: [] })
  t.equal(shown('--count 5', 'vqc:', long), 'option requires an argument -- count')
  t.equal(shown('--quiet=1', 'vqc:', long), 'illegal option -- quiet=1')
  t.equal(shown('--loud', 'vqc:', long), 'illegal option -- loud')
  t.equal(shown('--=x', 'vqc:', long), 'illegal option -- -')
  t.equal(shown('--toString', 'vqc:', long), 'illegal option -- toString')
  t.equal(shown('--quiet', 'vqc:'), 'illegal option -- quiet')
})
