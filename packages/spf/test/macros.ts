import t from 'tap'
import { expandName, expandText, parseDomainSpec, parseMacros, uses } from '../src/macros.ts'

const VALUES: Readonly<Record<string, string>> = {
  s: 'strong-bad@email.example.com',
  l: 'strong-bad',
  o: 'email.example.com',
  d: 'email.example.com',
  i: '192.0.2.3',
  v: 'in-addr',
  h: 'a/b+c',
  r: '',
}
const values = (letter: string) => VALUES[letter] ?? `no ${letter}`

const expanded = (text: string) => {
  const parts = parseMacros(text, true)
  return parts && expandText(parts, values, 1000)
}

t.test('the examples of RFC 7208 7.4', async (t) => {
  const examples: Record<string, string> = {
    '%{s}': 'strong-bad@email.example.com',
    '%{o}': 'email.example.com',
    '%{d4}': 'email.example.com',
    '%{d2}': 'example.com',
    '%{d1}': 'com',
    '%{dr}': 'com.example.email',
    '%{d2r}': 'example.email',
    '%{l-}': 'strong.bad',
    '%{lr-}': 'bad.strong',
    '%{l1r-}': 'strong',
    '%{ir}.%{v}._spf.%{d2}': '3.2.0.192.in-addr._spf.example.com',
    '%{lr-}.lp._spf.%{d2}': 'bad.strong.lp._spf.example.com',
    '%{d2}.trusted-domains.example.net': 'example.com.trusted-domains.example.net',
  }
  for (const [text, wanted] of Object.entries(examples)) t.equal(expanded(text), wanted, text)
})

t.test('transformers', async (t) => {
  t.equal(expanded('%{i99999999999999999999}'), '192.0.2.3', 'more than there are')
  t.equal(expanded('%{D2R}'), 'example.email', 'letters of either case')
  t.equal(expanded('%{h+/}'), 'a.b.c', 'several delimiters')
  t.equal(expanded('%{h1/}'), 'b+c', 'a dot is none unless it is named')
  t.equal(expanded('%{d=}'), 'email.example.com', 'a delimiter that is not there')
  t.equal(expanded('%{r}-%{rr}'), '-', 'nothing')
  t.equal(expanded('%%%_%-%{i}%%'), '% %20192.0.2.3%')
})

t.test('upper case escapes all but unreserved characters', async (t) => {
  const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')
  const text = expandText(parseMacros('%{L.}', true)!, () => all, 10_000)
  t.equal(decodeURIComponent(text.replace(/%[89A-F]./g, '')), all.slice(0, 128))
  t.match(text, /^[A-Za-z0-9._~%-]*$/)
  t.match(text, /%00%01.*%0A.*%20%21.*%7F%80.*%FF$/)
})

t.test('what is no macro', async (t) => {
  const wrong = [
    '%',
    'a%',
    '%a',
    '% ',
    '%{',
    '%{}',
    '%{s',
    '%{x}',
    '%{ss}',
    '%{s0}',
    '%{s00}',
    '%{s-1}',
    '%{sr2}',
    '%{s }',
  ]
  for (const text of [...wrong, '%{2s}', '%{s!}', '%{{s}}', '%(s)', '%{s\n}', '%{\xe9}'])
    t.equal(parseMacros(text, true), undefined, JSON.stringify(text))
  for (const text of ['%{c}', '%{R}', '%{t}']) t.equal(parseMacros(text, false), undefined, `${text} explains only`)
})

t.test('domain-specs', async (t) => {
  const good = [
    'a.b',
    'a.b.',
    '.com',
    '%{d}',
    'x%{d}',
    'a.%%',
    'a.%-',
    '%{d}.x',
    'a.x-y',
    'a.1-2',
    'a.1x',
    'a:b/c!.de',
    'a..b',
  ]
  for (const text of good) t.ok(parseDomainSpec(text), text)
  const bad = [
    '',
    '.',
    'a',
    'a.',
    'com',
    'a.1',
    'a.-b',
    'a.b-',
    '%{d}.',
    '%{d}x',
    '%{d}..',
    'a.b..',
    'a.b/',
    'a.b_c',
    '%{c}',
    '%',
  ]
  for (const text of bad) t.equal(parseDomainSpec(text), undefined, text)
  t.equal(uses(parseDomainSpec('a.%{l}.%{P}')!, 'p'), true)
  t.equal(uses(parseDomainSpec('p.%{d}')!, 'p'), false)
})

t.test('names', async (t) => {
  const name = (text: string, value = '') => expandName(parseMacros(text, false)!, () => value)
  t.equal(name('a.b.'), 'a.b', 'a dot at the end')
  t.equal(name('a.b..'), 'a.b.', 'one of them')
  const label = 'x'.repeat(49)
  const long = `${label}.`.repeat(5)
  t.equal(name(`${long}yyy`).length, 253, 'as long as can be')
  t.equal(name(`${long}yyyy`), `${`${label}.`.repeat(4)}yyyy`, 'labels are cut off at the left')
  t.equal(name(`${long}yyy.`).length, 253, 'the dot at the end does not count')
  t.equal(name(`z.%{d}.`, `${long}yyy`).length, 253)
  t.equal(name('y'.repeat(254)), '', 'no label is short enough')
  t.equal(name(`y.${'y'.repeat(254)}`), '')
  let asked = 0
  const endless = (): string => {
    asked++
    return 'long.'.repeat(100_000)
  }
  t.equal(expandName(parseMacros('%{l}'.repeat(16_000), false)!, endless).length, 253 - 4)
  t.equal(asked, 1, 'no more is made than is needed')
})

t.test('texts end at their limit', async (t) => {
  const text = parseMacros('%{l}'.repeat(16_000), true)!
  let asked = 0
  t.equal(expandText(text, () => `${++asked}`.padEnd(100_000), 450).trimEnd(), '1')
  t.equal(asked, 1)
})
