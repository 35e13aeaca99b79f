import t from 'tap'
import { ask } from '../../rcptcheck/test/lib/ask.ts'

const program = 'qmail-rcptcheck-badrcptto'
const NOTHING = { code: 0, out: '', err: '' }
const check = (badrcptto: string, RECIPIENT: string, more = {}) =>
  ask({ program, env: { RECIPIENT, ...more }, files: { 'control/badrcptto': badrcptto } })
const refused = (recipient: string, ip = 'unknown') => ({
  code: 100,
  out: '',
  err: `rcptcheck: badrcptto PPID ${ip} ${recipient}\n`,
})

t.test('addresses and hosts', async (t) => {
  const list = '# a comment\nA@y.org \t\n@z.org\r\n@w.org\n@\nlocal\n#x@y.org\n b@y.org\nq@r@s.org\n\xc3\xa9@y.org'
  for (const bad of ['a@Y.org', 'any@w.ORG', '@w.org', 'a@b@w.org', 'b@', '@', 'Local', ' b@y.org', 'q@r@s.org'])
    t.same(check(list, bad), refused(bad), bad)
  for (const good of [
    'b@y.org',
    'a@y.orga',
    'aa@y.org',
    'a@z.org',
    '#x@y.org',
    '# a comment',
    '',
    'w.org',
    '\xc9@y.org',
    'a@y.org ',
  ])
    t.same(check(list, good), NOTHING, good)
  t.same(check(list, '\xe9@y.org'), refused('\xc3\xa9@y.org'), 'which is UTF-8 here')
})

t.test('who asks, and how it is logged', async (t) => {
  t.same(check('a@b\n', 'a@b', { TCPREMOTEIP: '192.0.2.1' }), refused('a@b', '192.0.2.1'))
  t.same(check('a@b\n', 'a@b', { TCPREMOTEIP: '' }), refused('a@b', ''))
  t.same(check('a\x1bb@c\n', 'a\x1bb@c'), refused('a?b@c'))
  t.same(check('a@b\n', 'a@b', { RELAYCLIENT: '' }), NOTHING)
})

t.test('what is missing', async (t) => {
  t.same(ask({ program, files: { 'control/badrcptto': 'a@b' } }), { ...NOTHING, code: 111 }, 'no recipient')
  t.same(ask({ program, env: { RECIPIENT: 'a@b' }, files: {} }), NOTHING)
  t.same(ask({ program, env: { RECIPIENT: 'a@b' }, files: { 'control/badrcptto/': '' } }), { ...NOTHING, code: 111 })
  t.same(ask({ program, env: { RECIPIENT: 'a@b' }, files: { control: '' } }), { ...NOTHING, code: 111 })
  t.same(ask({ program, env: { RECIPIENT: 'a@b' }, home: '/no/such/home' }), { ...NOTHING, code: 111 })
})

t.test('lists of any size', async (t) => {
  const many = Array.from({ length: 100000 }, (_, i) => `user${i}@some-host-${i % 100}.example`).join('\n')
  t.same(check(many, 'USER99999@some-host-99.example').code, 100)
  t.same(check(many, 'user0@some-host-0.example').code, 100)
  t.same(check(many, 'user@some-host-0.example'), NOTHING)
  t.same(check(`${'x'.repeat(10_000_000)}\na@b`, 'a@b').code, 100, 'a line of 10 MB')
  t.same(check('\n'.repeat(10_000_000), 'a@b'), NOTHING)
  t.same(check('a@b\0c@d', 'c@d').code, 100, 'a NUL ends a line')
})
