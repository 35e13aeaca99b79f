import t from 'tap'
import { fuzz, holds, type Random, same } from '../../../test/lib/fuzz.ts'
import { checkSender } from '../src/check.ts'
import { expandText, parseMacros } from '../src/macros.ts'
import { receivedSpf } from '../src/received.ts'
import { parseTerms } from '../src/record.ts'
import { clientIn } from './lib/client.ts'
import type { Asked, Zone } from './lib/zone.ts'

t.setTimeout(0)

const RESULTS = ['none', 'neutral', 'pass', 'fail', 'softfail', 'temperror', 'permerror']
/** The record; ten terms, each a list of ten hosts; the client's names; an explanation, which may want these, too. */
const MOST_QUESTIONS = 1 + 10 * 11 + 11 + 1

const NAMES = [
  'a.example',
  'b.example',
  'c.example',
  '%{d}',
  '%{o}',
  '%{l}.b.example',
  '%{p}',
  '%{h}',
  '%{ir}.c.example',
]
const PREFIXES = ['', '+', '-', '~', '?']
const WORDS = [
  'all',
  'a',
  'mx',
  'ptr',
  'include:',
  'exists:',
  'ip4:192.0.2.1',
  'ip6:2001:db8::1',
  'redirect=',
  'exp=',
  'x=',
]
const NOISE = [
  '%',
  '%{',
  '}',
  '{',
  '/',
  '//',
  '0',
  '24',
  ':',
  '=',
  '.',
  '-',
  ' ',
  '%%',
  's',
  'R',
  '\t',
  '\xff',
  '\0',
  '\\',
  '"',
]

/** Mostly right, so that it is evaluated. */
function record(random: Random): string {
  const terms: string[] = []
  for (let n = random.int(12); n > 0; n--) {
    const word = random.pick(WORDS)
    const hosts = word === 'a' || word === 'mx' || word === 'ptr'
    const name = /[:=]$/.test(word) ? random.pick(NAMES) : hosts && random.once(2) ? `:${random.pick(NAMES)}` : ''
    const bits = hosts && word !== 'ptr' ? random.pick(['', '/24', '//64', '/0//0']) : ''
    terms.push(`${/=$/.test(word) ? '' : random.pick(PREFIXES)}${word}${name}${bits}`)
    if (random.once(20)) terms.push(random.join(NOISE, 6))
  }
  return terms.join(' ')
}

function zone(random: Random): Zone {
  const hosts = () =>
    Array.from({ length: random.int(14) }, () => random.pick(['a.example', 'b.example', 'x.example', '.']))
  const entry = () => {
    if (random.once(12)) return 'TIMEOUT'
    const texts = Array.from({ length: random.pick([0, 1, 1, 1, 1, 1, 2]) }, () => `v=spf1 ${record(random)}`)
    return {
      TXT: random.once(6) ? [random.join(['%{s}', '%{c}', 'text', ' ', ...NOISE], 6)] : texts,
      A: random.once(2) ? ['192.0.2.1', '192.0.2.9'].slice(random.int(2)) : [],
      AAAA: random.once(2) ? ['2001:db8::1'] : [],
      MX: hosts().map((name, i) => [i, name] as const),
    }
  }
  const names = ['a.example', 'b.example', 'c.example', 'l.b.example']
  const ptr = { PTR: hosts() }
  return { ...Object.fromEntries(names.map((name) => [name, entry()])), '1.2.0.192.in-addr.arpa': ptr }
}

t.test('records', async (t) => {
  t.comment('A check ends with one of the seven results, after a limited number of questions, and the same once more.')
  t.comment('Whatever the client has sent, what is written of it is one line of ASCII.')
  const seen = new Set<string>()
  await fuzz(t, 4000, (random) => {
    const world = zone(random)
    const sender = `${random.join(['l', 'l.', '-', ...NOISE, '\n'], 5)}@${random.pick(['a.example', 'b.example', 'x', ''])}`
    const traits = {
      sender,
      helo: random.join(['h.', 'b.example', ...NOISE], 4),
      ip: random.pick(['192.0.2.1', '2001:db8::1']),
    }
    const asked: Asked = []
    const client = clientIn(world, traits, asked)
    const rules = random.once(4) ? parseTerms('?include:c.example')!.mechanisms : []
    const { result, explanation } = checkSender(client, rules)
    const text = explanation()
    const input = JSON.stringify([world, traits])
    seen.add(text === undefined ? result : `${result} explained`)
    holds(RESULTS.includes(result), result, input)
    holds((text?.length ?? 0) <= 450, 'explanation', input)
    holds(asked.length <= (rules.length > 0 ? 2 * MOST_QUESTIONS : MOST_QUESTIONS), `${asked.length} questions`, input)
    holds(/^Received-SPF: [ -~]+$/.test(receivedSpf(client, result)), 'header', input)
    const again = checkSender(clientIn(world, traits), rules)
    same([again.result, again.explanation()], [result, text], 'once more', input)
  })
  t.strictSame(
    [...RESULTS, 'fail explained'].filter((result) => !seen.has(result)),
    [],
    'all of them come',
  )
})

t.test('terms and macros', async (t) => {
  t.comment('The parsers end and never throw. What they take can be expanded, and is no longer than it may be.')
  const pieces = [...NOISE, ...WORDS, ...NAMES, '%{s}', '%{S99r.-}', '%{i0}', '%{t}', '%-', '%_']
  let good = 0
  await fuzz(t, 30_000, (random) => {
    const text = random.join(pieces, 10)
    const terms = parseTerms(text)
    if (terms !== undefined) good++
    holds(terms === undefined || !/[^ -~]/.test(text), 'other bytes', text)
    const macros = parseMacros(text, random.once(2))
    if (macros === undefined) return
    const most = random.int(50)
    holds(expandText(macros, () => text, most).length <= most, 'longer', text)
  })
  t.ok(good > 1000, `${good} were right`)
})
