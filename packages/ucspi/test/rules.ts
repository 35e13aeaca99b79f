import t from 'tap'
import { parseRule, ruleKeys } from '../src/rules.ts'

const withoutNetworks = (keys: Iterable<string>) => [...keys].filter((key) => !key.includes('/'))

t.test('keys of an IPv4 client', async (t) => {
  t.same(withoutNetworks(ruleKeys({ ip: '10.20.30.4', host: undefined, info: undefined })), [
    ...['10.20.30.4', '10.20.30.', '10.20.', '10.'],
    '',
  ])
  t.same(withoutNetworks(ruleKeys({ ip: '10.20.30.4', host: 'a.b.example', info: 'me' })), [
    ...['me@10.20.30.4', 'me@=a.b.example', '10.20.30.4', '=a.b.example'],
    ...['10.20.30.', '10.20.', '10.'],
    ...['=.b.example', '=.example', '='],
    '',
  ])
  const all = [...ruleKeys({ ip: '10.20.30.4', host: 'h', info: undefined })]
  t.same(all.slice(0, 7), ['10.20.30.4', '=h', '10.20.30.', '10.20.', '10.', '10.20.30.4/32', '10.20.30.4/31'])
  t.same(all.slice(-3), ['0.0.0.0/0', '=', ''])
})

t.test('keys of an IPv6 client', async (t) => {
  t.same(withoutNetworks(ruleKeys({ ip: 'fe80::1%eth0', host: '.x.', info: undefined })), [
    ...['fe80::1', '=.x.', '=.x.', '=.', '='],
    '',
  ])
  t.ok([...ruleKeys({ ip: '2001:db8::1', host: undefined, info: undefined })].includes('2001:db8::/32'))
})

t.test('data', async (t) => {
  t.same(parseRule(''), { deny: false, set: [] })
  t.same(parseRule('D\0'), { deny: true, set: [] })
  t.same(parseRule('+A=1\0D\0+B=x=y\0+C=\0'), {
    deny: true,
    set: [
      ['A', '1'],
      ['B', 'x=y'],
      ['C', ''],
    ],
  })
  t.same(parseRule('D'), { deny: false, set: [] }, 'a tail without NUL')
  t.same(parseRule('X\0+NOVALUE\0+=x\0\0+A=l\nm\0+B=1'), { deny: false, set: [['A', 'l\nm']] })
})
