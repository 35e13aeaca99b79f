import t from 'tap'
import { folded, matches, parsePattern } from '../src/index.ts'
import { illFormed, type Random, randomFrom, value, wellFormed } from './support/random.ts'
import { slowly } from './support/slow.ts'

const ROUNDS = 2000

const ELEMENTS = [
  ...['a', 'B', 'b', '.', '^', '$', '[ab]', '[^a]', '[]a]', '[a-c]', '\\w', '\\W', '\\b', '\\B', '\\<', '\\>', '()'],
  ...['[[:alpha:]]', '[[:punct:]_]', '\\.', '\\B', '-', ')', ']', '}', '\xe9', '\n', '[\\]', '[^\xe9]', '\\s', '\\`'],
]
const PIECES = [
  ...['a', 'b', '(', ')', '[', ']', '{', '}', '*', '+', '?', '|', '^', '$', '.', '\\', '-', ',', '1', '2', ':', '='],
  ...['[[:', ':]]', '[.', '.]', '[^', 'alpha', '{1,2}', '{,', '(a|', '\\b', '\\1', '0', ']-', '[=a=]', 'A', '\xff'],
]
const BYTES = ['a', 'A', 'b', 'c', '-', '.', '_', ' ', '\n', '\xe9', '\xff', ']', '^', '1', '{']

function compare(pattern: string, text: string): string | undefined {
  const wanted = slowly(pattern, text)
  const automaton = parsePattern(pattern)
  const got = automaton && matches(automaton, folded(text))
  return got === wanted ? undefined : `${JSON.stringify([pattern, text])}: ${got}, wanted ${wanted}`
}

for (const [name, pattern, seed] of [
  ['well-formed patterns', (random: Random) => wellFormed(random, ELEMENTS, 3), 1],
  ['ill-formed patterns', (random: Random) => illFormed(random, PIECES), 2],
] as const)
  t.test(name, async (t) => {
    const random = randomFrom(seed)
    const differences: string[] = []
    let good = 0
    for (let i = 0; i < ROUNDS; i++) {
      const each = pattern(random)
      for (let k = 0; k < 3; k++) {
        const difference = compare(each, value(random, BYTES))
        if (difference !== undefined) differences.push(difference)
      }
      if (parsePattern(each) !== undefined) good++
    }
    t.same(differences, [])
    t.ok(good > ROUNDS / 20, `${good} of ${ROUNDS} are good`)
  })

t.test('every byte against every byte', async (t) => {
  const differences: string[] = []
  for (let a = 1; a < 256; a++) {
    const text = String.fromCharCode(a)
    for (const pattern of [`[${text}]`, `\\${text}`, `[^${text}]`, text, `[[.${text}.]]`, `[!-${text}]`, `[${text}-~]`])
      for (let b = 1; b < 256; b += 3) {
        const difference = compare(pattern, String.fromCharCode(b))
        if (difference !== undefined) differences.push(difference)
      }
  }
  t.same(differences.slice(0, 10), [])
})
