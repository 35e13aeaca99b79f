import t from 'tap'
import { chooseRoute, parseRoute, type Rules } from '../src/route.ts'

const none: Rules = () => undefined
const direct = { relay: '', port: 25, credentials: undefined }

/** Rules that note which keys they were asked for. */
function table(rules: Record<string, string>, asked: string[] = []): Rules {
  return (key) => {
    asked.push(key)
    return Object.hasOwn(rules, key) ? rules[key] : undefined
  }
}

function relay(host: string, rules: Record<string, string>): string | undefined {
  const route = chooseRoute(host, 's@b', table(rules), none)
  return typeof route === 'object' ? route.relay : route
}

t.test('the rule for a host', async (t) => {
  t.same(chooseRoute('a.b', 's@b', none, none), direct)
  const all = { 'a.b.c': '1', '.b.c': '2', '.c': '3', '': '4' }
  t.equal(relay('a.b.c', all), '1')
  t.equal(relay('x.b.c', all), '2')
  t.equal(relay('b.c', all), '3', 'a suffix is no match for itself')
  t.equal(relay('c', all), '4')
  t.equal(relay('', all), '4')
  t.equal(relay('a.b.c', { 'b.c': '1' }), '', 'a name is no match for what is below it')
  t.equal(relay('a.b.c', { '.b.c': '', '': '4' }), '', 'an empty rule ends the search')

  const asked: string[] = []
  chooseRoute('a.b..c.', 's@b', table({}, asked), none)
  t.same(asked, ['a.b..c.', '.b..c.', '..c.', '.c.', '.', ''])
  asked.length = 0
  chooseRoute('', 's@b', table({}, asked), none)
  t.same(asked, [''])
})

t.test('the rule for a sender', async (t) => {
  const asked: string[] = []
  chooseRoute('h', 'a.b@c.d', none, table({}, asked))
  t.same(asked, ['a.b@c.d', '.b@c.d', '@c.d', '.d', ''])
  asked.length = 0
  chooseRoute('h', '', none, table({}, asked))
  t.same(asked, [''])

  const hosts = table({ '': 'host' })
  const of = (rules: Record<string, string>) => chooseRoute('h', 's@b', hosts, table(rules))
  t.match(of({ '@b': 'sender' }), { relay: 'sender' })
  t.match(of({ '@b': '', '': 'other' }), { relay: 'host' }, 'an empty one is none, and ends the search')
  t.match(of({ '@b': ':2525' }), { relay: '', port: 2525 }, 'its empty relay means MX')
  t.match(of({ '@b': '|u|p' }), { relay: '', credentials: { user: 'u', password: 'p' } })
})

t.test('what a rule says', async (t) => {
  const route = (relay: string, port = 25) => ({ relay, port, credentials: undefined })
  t.same(parseRoute(''), direct)
  t.same(parseRoute('relay.example'), route('relay.example'))
  t.same(parseRoute('relay.example:'), route('relay.example'))
  t.same(parseRoute('relay.example:587'), route('relay.example', 587))
  t.same(parseRoute('192.0.2.1:1'), route('192.0.2.1', 1))
  t.same(parseRoute('192.0.2.1:65535'), route('192.0.2.1', 65535))
  t.same(parseRoute('[2001:db8::1]'), route('[2001:db8::1]'))
  t.same(parseRoute('[2001:db8::1]:2525'), route('[2001:db8::1]', 2525))
  t.same(parseRoute('[IPv6:2001:db8::1]:2525'), route('[IPv6:2001:db8::1]', 2525))
  t.same(parseRoute('[192.0.2.1]x'), route('[192.0.2.1]x'), 'a name, though none that exists')
  t.same(parseRoute(':2525'), route('', 2525))
  t.same(parseRoute('a\nb:7'), route('a\nb', 7))
  for (const port of ['0', '65536', 'smtp', '25x', '-1', '25:26', ' 25', '+25', '0x19', '99999999999999999999', '2\n'])
    t.equal(parseRoute(`relay:${port}`), 'bad port', port)
  t.equal(parseRoute('2001:db8::1'), 'bad port')
  t.equal(parseRoute('[2001:db8::1'), 'bad port')
})

t.test('credentials', async (t) => {
  const of = (rule: string) => {
    const route = parseRoute(rule)
    return typeof route === 'object' ? route.credentials : route
  }
  t.same(of('r|joe|secret'), { user: 'joe', password: 'secret' })
  t.same(of('r:25|joe|se|c:r|et|'), { user: 'joe', password: 'se|c:r|et|' })
  t.same(of('|joe|'), { user: 'joe', password: '' })
  t.same(of('r|joe'), { user: 'joe', password: '' })
  t.equal(of('r|'), undefined)
  t.equal(of('r||secret'), undefined)
  t.equal(of('r'), undefined)
  t.same(of('r|j:o[e]|x'), { user: 'j:o[e]', password: 'x' })
})
