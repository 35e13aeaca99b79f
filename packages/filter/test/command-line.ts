import t from 'tap'
import { splitCommands } from '../src/command-line.ts'

t.test('splitCommands', async (t) => {
  t.same(splitCommands([]), [])
  t.same(splitCommands(['a']), [['a']])
  t.same(splitCommands(['a', 'b', '--', 'c', '-', '---', '--', 'd']), [['a', 'b'], ['c', '-', '---'], ['d']])
  t.same(splitCommands(['a', '--']), [['a']], 'one at the end')
  t.same(splitCommands(['']), [['']], 'an empty name is for the search to judge')
  for (const words of [['--'], ['--', 'a'], ['a', '--', '--'], ['a', '--', '--', 'b']])
    t.equal(splitCommands(words), undefined, words.join(' '))
})
