import t from 'tap'
import { filterWords, pathWith } from '../src/filters.ts'

t.test('words', async (t) => {
  t.same(filterWords([]), [])
  t.same(filterWords(['f']), ['f'])
  t.same(filterWords(['f  a\tb', '/x/g']), ['f', 'a', 'b', '--', '/x/g'])
  t.same(filterWords([' f "a b"']), ['f', '"a', 'b"'], 'nothing is quoted')
  t.same(filterWords(['f -- g', 'h']), ['f', '--', 'g', '--', 'h'])
  t.same(filterWords(['f\xff a\rb']), ['f\xff', 'a\rb'])
})

t.test('an empty filter is a mistake of the administrator, for which no mail bounces', async (t) => {
  for (const lines of [['--'], ['f', '--'], ['--', 'f'], ['f --'], ['f', '-- g'], ['f --', 'g'], ['f -- -- g']])
    t.equal(filterWords(lines), undefined, lines.join('; '))
})

t.test('PATH', async (t) => {
  t.equal(pathWith('/var/qmail/bin', '/usr/bin'), '/var/qmail/bin:/usr/bin')
  t.equal(pathWith('/var/qmail/bin', ''), '/var/qmail/bin:', 'that is the working directory, as before')
  t.equal(pathWith('/var/qmail/bin', undefined), '/var/qmail/bin:/bin:/usr/bin')
})
