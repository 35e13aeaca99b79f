import t from 'tap'
import { ask } from '../../rcptcheck/test/lib/ask.ts'

const program = 'qmail-rcptcheck-qregex'
const NOTHING = { code: 0, out: '', err: '' }
const env = { SENDER: 's@x', RECIPIENT: 'r@y' }

t.test('patterns of one file are taken in order, each by itself', async (t) => {
  const files = { 'control/badmailto': '# no\n(\nno\n!*\n!r@\n!z@\nr\n' }
  const bad = (entry: string) => `rcptcheck: qregex bad pattern in control/badmailto: ${entry}\n`
  const hit = 'rcptcheck: qregex PPID unknown r@y (badmailto pattern: !z@)\n'
  t.same(ask({ program, env: { ...env, LOGREGEX: '' }, files }), {
    code: 100,
    out: '',
    err: bad('(') + bad('!*') + hit,
  })
})

t.test('files after a hit are not read', async (t) => {
  const files = { 'control/badhelo': 'h\n', 'control/badmailfrom/': '' }
  const err = 'rcptcheck: qregex PPID 192.0.2.1 h (badhelo)\n'
  const helo = { ...env, HELOHOST: 'h', TCPREMOTEIP: '192.0.2.1' }
  t.same(ask({ program, env: helo, files }), { code: 100, out: '', err })
  t.same(ask({ program, env: { ...helo, HELOHOST: 'i' }, files }), { ...NOTHING, code: 111 })
  t.same(ask({ program, env: { ...helo, HELOHOST: 'i', SENDER: '' }, files }), NOTHING, 'nor those with nothing to ask')
})

t.test('what is missing', async (t) => {
  const files = { 'control/badmailto': '.\n', 'control/badmailtonorelay/': '' }
  t.same(ask({ program, env: { SENDER: '' }, files }), { ...NOTHING, code: 111 })
  t.same(ask({ program, env: { RECIPIENT: 'r' }, files }), { ...NOTHING, code: 111 })
  t.same(ask({ program, env: { SENDER: '', RECIPIENT: '' }, files }), { ...NOTHING, code: 111 }, 'empty is not missing')
  t.same(ask({ program, env, home: '/no/such/home' }), { ...NOTHING, code: 111 })
  t.same(ask({ program, env, files: {} }), NOTHING)
})

t.test('the log has one line, whatever the value is', async (t) => {
  const files = { 'control/badmailfrom': '\n.\n' }
  const sender = { ...env, SENDER: 'a\n\x1b[0m\xe9' }
  t.equal(ask({ program, env: sender, files }).err, 'rcptcheck: qregex PPID unknown a??[0m\xc3\xa9 (badmailfrom)\n')
})

t.test('a thousand patterns, a hard one, a huge line', async (t) => {
  const many = Array.from({ length: 1000 }, (_, i) => `^user${i}\\.[a-z]+@(y|z){1,3}$`).join('\n')
  t.same(ask({ program, env, files: { 'control/badmailto': many } }), NOTHING)
  const hard = '^(a+)+$\n(a|a)*b\n(.*)*=(.*)*;\n(a{1,30}){30}b\n'
  const value = { ...env, RECIPIENT: `${'a'.repeat(900)}!` }
  t.same(ask({ program, env: value, files: { 'control/badmailto': hard } }), NOTHING)
  const { code, err } = ask({ program, env, files: { 'control/badmailto': `${'a'.repeat(2_000_000)}\nr@\n` } })
  t.equal(code, 100)
  t.equal(err.slice(0, 60), 'rcptcheck: qregex bad pattern in control/badmailto: aaaaaaaa')
})
