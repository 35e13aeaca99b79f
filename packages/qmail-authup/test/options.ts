import t from 'tap'
import { parseOptions } from '../src/options.ts'

t.test('a command line', async (t) => {
  t.same(parseOptions(['smtp', 'cp'], undefined), { protocol: 'smtp', tries: 5, greeting: undefined, prog: ['cp'] })
  t.same(parseOptions(['PoP3', 'cp', '-t', 'x'], undefined), {
    protocol: 'pop3',
    tries: 1,
    greeting: undefined,
    prog: ['cp', '-t', 'x'],
  })
  t.equal(parseOptions(['-g', '', 'smtp', 'cp'], undefined)?.greeting, '')
  t.equal(parseOptions(['-gh.example', '--', 'smtp', 'cp'], undefined)?.greeting, 'h.example')
})

t.test('tries', async (t) => {
  for (const [words, reup, wanted] of [
    [['-t', '7', 'smtp', 'cp'], undefined, 7],
    [['-t3x', 'smtp', 'cp'], '9', 3],
    [['-t', '0', 'smtp', 'cp'], undefined, 5],
    [['-t', '0', 'pop3', 'cp'], '9', 9],
    [['-t', '3', '-t', '4', 'smtp', 'cp'], undefined, 4],
    [['smtp', 'cp'], '9', 9],
    [['smtp', 'cp'], '0', 5],
    [['smtp', 'cp'], '', 5],
    [['smtp', 'cp'], 'many', 5],
    [['smtp', 'cp'], '-2', 5],
    [['pop3', 'cp'], undefined, 1],
    [['-t', '9'.repeat(30), 'smtp', 'cp'], undefined, Number.MAX_SAFE_INTEGER],
    [['smtp', 'cp'], '9'.repeat(30), Number.MAX_SAFE_INTEGER],
  ] as const)
    t.equal(parseOptions(words, reup)?.tries, wanted, `${words.join(' ')} ${reup}`)
})

t.test('misuse', async (t) => {
  for (const words of [
    [],
    ['smtp'],
    ['imap', 'cp'],
    ['smtp ', 'cp'],
    ['', 'cp'],
    ['-t', 'smtp', 'cp'],
    ['-t', '', 'smtp', 'cp'],
    ['-t', '-1', 'smtp', 'cp'],
    ['-x', 'smtp', 'cp'],
    ['-g'],
  ])
    t.equal(parseOptions(words, undefined), undefined, words.join(' '))
})
