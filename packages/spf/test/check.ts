import t from 'tap'
import { checkRecord, checkSender } from '../src/check.ts'
import { explainTo, parseExplanation } from '../src/client.ts'
import { parseTerms } from '../src/record.ts'
import { clientIn, type Traits } from './lib/client.ts'
import type { Asked, Zone } from './lib/zone.ts'

/** One record, with others beside it. */
const a = (record: string, zone: Zone = {}): Zone => ({ 'a.example': { TXT: [`v=spf1 ${record}`] }, ...zone })
const txt = (record: string) => ({ TXT: [`v=spf1 ${record}`] })
const result = (zone: Zone, traits?: Traits, asked?: Asked) => checkSender(clientIn(zone, traits, asked)).result
const explanation = (zone: Zone, traits?: Traits) => checkSender(clientIn(zone, traits)).explanation()

t.test('limits of terms', async (t) => {
  const hosts = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`h${i}.example`, { A: ['192.0.2.99'] }]))
  const terms = (n: number) => Array.from({ length: n }, (_, i) => `a:h${i}.example`).join(' ')
  t.equal(result(a(`${terms(10)} -all`, hosts)), 'fail')
  t.equal(result(a(`${terms(11)} -all`, hosts)), 'permerror')
  t.equal(result(a(`${terms(10)} redirect=b.example`, { ...hosts, 'b.example': txt('all') })), 'permerror')
  t.equal(result(a(`${terms(9)} redirect=b.example`, { ...hosts, 'b.example': txt('all') })), 'pass')
  t.equal(result(a(`${terms(5)} include:b.example -all`, { ...hosts, 'b.example': txt(terms(4)) })), 'fail')
  t.equal(result(a(`${terms(5)} include:b.example -all`, { ...hosts, 'b.example': txt(terms(5)) })), 'permerror')
  t.equal(result(a(`ip4:192.0.2.1 ${terms(11)}`, hosts)), 'pass', 'terms after the match do not count')
  t.equal(result(a(`${'ip4:192.0.2.7 ip6:::1 '.repeat(500)}-all`)), 'fail', 'nor do those that ask for nothing')
  t.equal(result(a(`${terms(8)} exists:%{p}.x.example -all`, hosts)), 'fail', '%{p} costs one more')
  t.equal(result(a(`${terms(9)} exists:%{p}.x.example -all`, hosts)), 'permerror')
})

t.test('void lookups', async (t) => {
  const zone = { 'v.example': { MX: [[1, 'a.example']] } }
  t.equal(result(a('a:x.example a:y.example -all')), 'fail')
  t.equal(result(a('a:x.example mx:y.example exists:z.example -all')), 'permerror')
  t.equal(result(a('a:x.example a:y.example ptr -all')), 'permerror', 'an address without a name')
  t.equal(result(a('a a exists:%{d} -all')), 'permerror', 'a name without addresses')
  t.equal(result(a('a mx:v.example a -all', zone)), 'permerror', 'exchanges without addresses')
  t.equal(result(a('include:b.example a:z.example -all', { 'b.example': txt('a:x.example a:y.example') })), 'permerror')
  t.equal(result(a('a:x.example a:x..y.example -all')), 'fail', 'what can be no name does not exist')
})

t.test('loops', async (t) => {
  for (const record of ['include:a.example', 'redirect=a.example', '-include:%{d}', 'redirect=%{o}']) {
    const asked: Asked = []
    t.equal(result(a(record), {}, asked), 'permerror', record)
    t.equal(asked.length, 11, `${record}: questions`)
  }
  const circle = { 'b.example': txt('include:c.example'), 'c.example': txt('redirect=a.example') }
  t.equal(result(a('include:b.example -all', circle)), 'permerror')
})

t.test('hostile DNS', async (t) => {
  const many = <T>(n: number, of: (i: number) => T): readonly T[] => Array.from({ length: n }, (_, i) => of(i))
  const began = performance.now()
  const asked: Asked = []
  const mx = { 'm.example': { MX: many(4000, (i) => [i, `m${i}.example`]) } }
  t.equal(result(a('mx:m.example all', mx), {}, asked), 'permerror')
  t.equal(asked.length, 2, 'none of thousands of exchanges is looked up')
  asked.length = 0
  const ptr = { '1.2.0.192.in-addr.arpa': { PTR: many(2000, (i) => `p${i}.a.example`) } }
  t.equal(result(a('ptr exists:%{p}.example ptr:b.example -all', ptr), {}, asked), 'fail')
  t.equal(asked.length, 1 + 11 + 1, 'ten names, once')
  t.equal(
    result(a('a:h.example -all', { 'h.example': { A: many(4000, (i) => `192.0.${i >> 8}.${i & 255}`) } })),
    'pass',
  )
  const longest = (text: string) => text.repeat(Math.floor(65_000 / text.length))
  t.equal(result(a(longest('ip4:192.0.2.9 '))), 'neutral', 'a huge record')
  t.equal(result(a(longest('a '))), 'permerror')
  for (const text of ['%', '%{', '%{d}', '/', '/1', '//1', ':', '=', '.', '-', 'a', 'a.', 'x=', '%{d-.+,/_=}', '%%'])
    for (const term of ['', 'a:', 'exists:', 'x=', 'redirect=', 'ip6:', 'a/'])
      t.ok(result(a(`${term}${longest(text)}`)), `${term}${text}...`)
  const strings = many(200, (i) => [i % 2 ? 'v=spf1 -all' : 'x'.repeat(60_000)])
  t.equal(result({ 'a.example': { TXT: strings.map((text) => text.join('')) } }), 'permerror', 'many records')
  const exp = { 'e.example': { TXT: [longest('%{s}%{L}')] } }
  t.equal(explanation(a('-all exp=e.example', exp), { sender: `${'%'.repeat(900)}@a.example` })?.length, 450)
  t.ok(performance.now() - began < 5000, 'and it does not take long')
})

t.test('DNS failures', async (t) => {
  const down = { 'd.example': 'TIMEOUT' }
  for (const term of ['a:d.example', 'mx:d.example', 'exists:d.example', 'include:d.example', 'redirect=d.example'])
    t.equal(result(a(`${term} ip4:192.0.2.1`, down)), term.startsWith('redirect') ? 'pass' : 'temperror', term)
  t.equal(result(a('redirect=d.example', down)), 'temperror')
  const half = {
    'm.example': {
      MX: [
        [1, 'd.example'],
        [2, 'h.example'],
      ],
    },
    'h.example': { A: ['192.0.2.1'] },
    ...down,
  }
  t.equal(result(a('mx:m.example -all', half)), 'pass', 'one exchange is enough')
  t.equal(result(a('mx:m.example -all', half), { ip: '192.0.2.2' }), 'temperror', 'unless it is another')
  t.equal(result(a('ptr -all', { '1.2.0.192.in-addr.arpa': 'TIMEOUT' })), 'fail', 'a client without names')
  t.equal(result({ 'a.example': 'TIMEOUT' }), 'temperror')
  t.equal(explanation(a('-all exp=d.example', down)), undefined)
})

t.test('names that the DNS would read otherwise', async (t) => {
  const asked: Asked = []
  const zone = a('exists:%{l}.x.example -all', { 'a\\b.x.example': { A: ['127.0.0.2'] } })
  t.equal(result(zone, { sender: 'a\\b@a.example' }, asked), 'pass', 'a backslash is a backslash')
  t.equal(asked[1], 'A a\\\\b.x.example')
  t.equal(result({}, { sender: 'x@a\\.example' }), 'none')
  for (const local of ['\0', '\n', '\xff', ' ', '\\', '.', '..', 'x'.repeat(70)])
    t.equal(result(zone, { sender: `${local}@a.example` }), 'fail', JSON.stringify(local))
  const ptr = { '1.2.0.192.in-addr.arpa': { PTR: ['a\\.a.example'] }, 'a\\.a.example': { A: ['192.0.2.1'] } }
  t.equal(result(a('ptr -all', ptr)), 'fail')
})

t.test('explanations', async (t) => {
  const exp = (text: string, traits?: Traits) =>
    explanation(a('-all exp=e.example', { 'e.example': { TXT: [text] } }), traits)
  t.equal(exp('%{s} %{c} %{r} %{t} %{h} %{v}'), 'bob@a.example 192.0.2.1 me.example 1234567890 mx.a.example in-addr')
  t.equal(exp('a  b '), 'a  b ')
  for (const text of ['no\nA\nO', '\xe9', 'a\0', '\t', '%{z}', '100%', ''])
    t.equal(exp(text), undefined, JSON.stringify(text))
  t.equal(exp('%{l}', { sender: 'a\nb\xff@a.example' }), 'a\nb\xff', 'the sender is whatever it is')
  t.equal(exp('x'.repeat(1000))?.length, 450)
  t.equal(explanation(a('~all exp=e.example', { 'e.example': { TXT: ['x'] } })), undefined, 'only for fail')
  const text = parseExplanation('%{d} %{S} %{p}')!
  t.equal(explainTo(clientIn({}), text), 'a.example bob%40a.example unknown')
  t.equal(explainTo(clientIn({}, { sender: '' }), text), 'mx.a.example postmaster%40mx.a.example unknown')
  t.equal(parseExplanation('\x7f'), undefined)
})

t.test('nothing is asked for an explanation that nobody wants', async (t) => {
  const asked: Asked = []
  const outcome = checkSender(clientIn(a('-all exp=e.example', { 'e.example': { TXT: ['x'] } }), {}, asked))
  t.strictSame(asked, ['TXT a.example'])
  t.equal(outcome.explanation(), 'x')
  t.strictSame(asked, ['TXT a.example', 'TXT e.example'])
})

t.test('our own rules', async (t) => {
  const local = (zone: Zone, rules: string, traits?: Traits) => {
    const { result, badRules, explanation } = checkSender(clientIn(zone, traits), parseTerms(rules)!.mechanisms)
    return `${result}${badRules ? ' bad' : ''}${explanation() === undefined ? '' : ' explained'}`
  }
  const trusted = 'ip4:192.0.2.1'
  t.equal(local(a('-all'), trusted), 'pass')
  t.equal(local(a('-ip4:192.0.2.1 -all'), trusted), 'pass', 'before the run')
  t.equal(local(a('-ip4:192.0.2.1 ~all'), trusted), 'fail')
  t.equal(local(a(''), trusted), 'pass')
  t.equal(local({}, trusted), 'pass', 'without a record')
  t.equal(local({}, trusted, { ip: '192.0.2.2' }), 'none')
  t.equal(local({}, '?all'), 'neutral')
  t.equal(local(a(''), trusted, { ip: '192.0.2.2' }), 'neutral')
  t.equal(local({}, trusted, { sender: 'x@y' }), 'none', 'not for what can have no record')
  t.equal(local(a('x'), trusted), 'permerror', 'nor for a record that is wrong')
  const b = { 'b.example': txt('-all') }
  t.equal(local(a('include:b.example -all', b), trusted, {}), 'pass')
  t.equal(local(a('-include:b.example ?all', b), 'all', {}), 'pass', 'not in what is included')
  t.equal(local(a('redirect=b.example', b), '~ip4:192.0.2.1'), 'softfail')
  const e = { 'e.example': { TXT: ['x'] } }
  t.equal(local(a('-all exp=e.example', e), '-ip4:192.0.2.1'), 'fail', 'the domain does not explain our rules')
  t.equal(local(a('-all exp=e.example', e), 'ip4:192.0.2.7'), 'fail explained')
})

t.test('our own rules and the limits', async (t) => {
  const local = (zone: Zone, rules: string) => {
    const { result, badRules } = checkSender(clientIn(zone), parseTerms(rules)!.mechanisms)
    return `${result}${badRules ? ' bad' : ''}`
  }
  const h = { 'h.example': { A: ['192.0.2.99'] } }
  const ten = 'a:h.example '.repeat(10)
  t.equal(local(a(`${ten}-all`, h), ten), 'fail', 'each has its own')
  t.equal(local(a(`${ten}a:h.example -all`, h), ten), 'permerror')
  t.equal(local(a('a a -all', h), 'a:v.example '.repeat(5)), 'fail', 'void ones too')
  t.equal(local(a('-all', { 'l.example': txt('include:l.example') }), 'include:l.example all'), 'fail bad', 'a loop')
  t.equal(local(a('-all'), 'include:none.example all'), 'fail bad', 'an error leaves out what follows')
  t.equal(local(a('-all', { 'd.example': 'TIMEOUT' }), 'include:d.example'), 'temperror', 'not knowing is no error')
})

t.test('a record that the domain does not have', async (t) => {
  const zone = { 'a.example': { MX: [[1, 'm.example']] }, 'm.example': { A: ['192.0.2.1'] } }
  const checked = (record: string, traits?: Traits) => checkRecord(clientIn(zone, traits), parseTerms(record)!).result
  t.equal(checked('mx -all'), 'pass')
  t.equal(checked('mx -all', { ip: '192.0.2.2' }), 'fail')
  t.equal(checked('mx'), 'pass')
  t.equal(checked('ptr'), 'neutral')
  t.equal(checked('mx -all', { sender: 'x@y' }), 'none')
  t.equal(checked('mx -all', { sender: 'x@a.example.' }), 'pass')
})
