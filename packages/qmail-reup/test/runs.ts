import t from 'tap'
import { conclude, parseOptions } from '../src/runs.ts'

t.test('the command line', async (t) => {
  for (const [words, tries, prog] of [
    [['cp'], 0, ['cp']],
    [['-t', '5', 'cp', '-t', 'x'], 5, ['cp', '-t', 'x']],
    [['-t3x', '--', '-cp'], 3, ['-cp']],
    [['-t', '0', ''], 0, ['']],
    [['-t', '1', '-t', '2', 'cp'], 2, ['cp']],
    [['-t', '9'.repeat(30), 'cp'], Number.MAX_SAFE_INTEGER, ['cp']],
  ] as const)
    t.same(parseOptions(words), { tries, prog }, words.join(' '))
  for (const words of [[], ['-t', '5'], ['-t', 'x', 'cp'], ['-t', '', 'cp'], ['-t', '-1', 'cp'], ['-x', 'cp'], ['-t']])
    t.equal(parseOptions(words), undefined, words.join(' '))
})

t.test('the end of a run', async (t) => {
  for (const [run, tries, code, exit] of [
    [1, 3, 0, 0],
    [1, 3, 12, 12],
    [1, 3, 1, undefined],
    [2, 3, 111, undefined],
    [3, 3, 7, 7],
    [1, 1, 7, 7],
    [1, 0, 7, undefined],
    [1_000_000, 0, 255, undefined],
    [9, 0, 12, 12],
  ] as const)
    t.same(conclude(run, tries, { code, signal: 0 }), { text: `exit ${code}`, exit }, `${run}/${tries}: ${code}`)
  t.same(conclude(1, 3, { code: -1, signal: 9 }), { text: 'crashed', exit: 1 })
})
