import { clientAddress, explainTo } from '@moreqmail/spf'
import t from 'tap'
import { clientIn, type Traits } from '../../spf/test/lib/client.ts'
import type { Asked, Zone } from '../../spf/test/lib/zone.ts'
import { defaultExplanation, judge, mxResult, parsePolicy, passesAnyone, unicast } from '../src/judge.ts'

const txt = (record: string): Zone => ({ 'a.example': { TXT: [`v=spf1 ${record}`] } })

t.test('policies', async (t) => {
  const bad = (rules: string | undefined, guess: string | undefined) => parsePolicy(rules, guess)[1].join(' ')
  t.equal(bad(undefined, undefined), '')
  t.equal(bad('a mx/24 -include:x.example x=y', 'a/24 mx/24 ptr exp=e.example redirect=x.example'), '')
  t.equal(bad('x', 'y'), 'spfrules spfguess')
  t.equal(bad('a redirect=x.example', undefined), 'spfrules', 'to redirect is up to the domain')
  t.equal(bad('a exp=x.example', undefined), 'spfrules')
  t.equal(bad('v=spf1', 'v=spf1 a'), '', 'a version looks like a modifier')
  const [policy] = parsePolicy('a x', undefined)
  t.strictSame(policy, { rules: [], guess: undefined }, 'what is wrong is left out as a whole')
})

t.test('this host passes', async (t) => {
  const asked: Asked = []
  for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    const { result, guessed } = judge(clientIn(txt('-all'), { ip }, asked), parsePolicy('-all', undefined)[0])
    t.strictSame([result, guessed], ['pass', false])
  }
  t.strictSame(asked, [])
  t.equal(judge(clientIn(txt('-all'), { ip: '127.0.0.2' }), parsePolicy(undefined, undefined)[0]).result, 'fail')
})

t.test('guesses', async (t) => {
  const guess = (zone: Zone, record: string | undefined, traits?: Traits, rules?: string) => {
    const { result, guessed } = judge(clientIn(zone, traits), parsePolicy(rules, record)[0])
    return `${result}${guessed ? ' guessed' : ''}`
  }
  const host = { 'a.example': { A: ['192.0.2.7'] } }
  t.equal(guess(host, undefined), 'none')
  t.equal(guess(host, 'a/24'), 'pass guessed')
  t.equal(guess(host, 'a'), 'neutral guessed')
  t.equal(guess(host, 'a ~all'), 'softfail guessed')
  t.equal(guess(host, 'a', {}, 'ip4:192.0.2.1'), 'pass', 'our rules come first')
  t.equal(guess(txt('-all'), 'a/24'), 'fail', 'there is a record')
  t.equal(guess(txt('x'), 'a/24'), 'permerror')
  t.equal(guess({ 'a.example': 'TIMEOUT' }, 'a/24'), 'temperror')
  t.equal(guess(host, 'include:x.example'), 'none', 'for permerror')
  t.equal(guess({ ...host, 'x.example': 'TIMEOUT' }, 'a:x.example'), 'none', 'for temperror')
  t.equal(guess({}, 'a/0', { sender: 'x@y' }), 'none', 'for what is no domain')
})

t.test('a pass for anyone', async (t) => {
  const others = ['198.51.100.7', '203.0.113.9'].map((ip) => clientAddress(ip)!)
  const anyone = (record: string, traits?: Traits) =>
    passesAnyone(clientIn(txt(record), traits), parsePolicy(undefined, undefined)[0], others)
  t.equal(anyone('all'), true)
  t.equal(anyone('ip4:0.0.0.0/1 ip4:128.0.0.0/1'), true)
  t.equal(anyone('ip4:192.0.2.1 ip4:198.0.0.0/8 -all'), false, 'one is not both')
  t.equal(anyone('all', { ip: '127.0.0.1' }), false)
})

t.test('random addresses', async (t) => {
  for (let first = 0; first < 256; first++) {
    const four = unicast(Uint8Array.of(first, 1, 2, 3))
    t.ok((four[0] ?? 0) >= 1 && (four[0] ?? 0) <= 223, `${four[0]}`)
    t.equal((unicast(new Uint8Array(16).fill(first))[0] ?? 0) >> 5, 1)
  }
})

t.test('the MX check', async (t) => {
  const zone = { 'a.example': { MX: [[1, 'm.example']] }, 'm.example': { A: ['192.0.2.1'] } }
  t.equal(mxResult(clientIn(zone)), 'pass')
  t.equal(mxResult(clientIn(zone, { ip: '192.0.2.2' })), 'fail')
  t.equal(mxResult(clientIn({ 'a.example': 'TIMEOUT' })), 'temperror')
  t.equal(mxResult(clientIn(zone, { sender: 'x' })), 'none')
})

t.test('the default explanation', async (t) => {
  const said = (text: string | undefined, traits?: Traits) => explainTo(clientIn({}, traits), defaultExplanation(text))
  const usual = 'Please see http://www.open-spf.org/Why?id=bob%40a.example&ip=192.0.2.1&receiver=me.example'
  t.equal(said(undefined), usual)
  t.equal(said('%{x}'), usual)
  t.equal(said('caf\xe9\t%{l}\r'), 'caf??bob?', 'our own text is shown as far as it can be')
  t.equal(said('not from %{c}, %{l}'), 'not from 192.0.2.1, bob')
  t.match(said(undefined, { sender: 'a b&ip=1\n@x', ip: '::2' }), /\?id=a%20b%26ip%3D1%0A%40x&ip=::2&/)
})
