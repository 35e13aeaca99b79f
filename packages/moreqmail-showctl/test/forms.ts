import t from 'tap'
import type { Control, Form } from '../src/controls.ts'
import { contentOf } from '../src/forms.ts'

const facts = { isAddress: (text: string) => /^[0-9.]+$/.test(text) }

function read(form: Form, text: string, more: Partial<Control> = {}) {
  return contentOf({ name: 'x', programs: [], form, about: '', without: '', ...more }, text, facts)
}

t.test('values', async (t) => {
  t.same(read('line', 'a.example \t\n'), { shown: ['a.example'], faults: [], secret: false, paths: [] })
  t.same(read('line', '').shown, [''])
  t.same(read('line', 'a\n\n \n').faults, [])
  t.same(read('line', 'a\nb\n').faults, ['only its first line counts'])
  t.same(read('line', 'a b\n', { matches: /^\S+$/ }).faults, ['its first line makes no sense'])
  t.same(read('line', 'a\r\n').faults, ['line 1 ends in CR, which belongs to it'])
  t.same(read('line', 'a\0\n').faults, ['there is a NUL in it'])
  t.same(read('path', '/etc/x\n').paths, ['/etc/x'])
  t.same(read('path', '\n').paths, [])
  t.same(read('address', '192.0.2.1\n').faults, [])
  t.same(read('address', 'host\n').faults, ['its first line is no address'])
})

t.test('numbers', async (t) => {
  for (const [text, range, ...faults] of [
    ['12\n', undefined],
    ['0', [0, 1]],
    ['', undefined, 'it is empty: as if it were not there'],
    ['x12\n', undefined, 'it is no number: as if it were not there'],
    ['12x\n', undefined, 'of its first line only 12 counts'],
    ['2\n', [0, 1], '2 is not from 0 to 1'],
    ['0\n', [1, 9], '0 is not from 1 to 9'],
  ] as ReadonlyArray<readonly [string, readonly [number, number] | undefined, ...string[]]>)
    t.same(read('number', text, range === undefined ? {} : { range }).faults, faults, text)
})

t.test('lists', async (t) => {
  t.same(read('list', '# x\n\na \nb\n').shown, ['a', 'b'])
  t.same(read('list', '# x\n').shown, ['no entries'])
  t.same(read('list', 'a\n'.repeat(30)).shown.length, 21)
  t.equal(read('list', 'a\n'.repeat(30)).shown.at(-1), 'and 10 more')
  t.same(read('addresses', '192.0.2.1\n#\nx\n').faults, ['line 3 is no address'])
  t.same(
    read('patterns', '!a+\n(\n!(\n*\n').faults,
    [2, 3, 4].map((n) => `line ${n} is no regular expression`),
  )
  t.same(read('pairs', 'a:b\n:\nc\n').faults, ['line 3 has no colon'])
  t.same(read('rules', '=a:b\n?:\nx:y\n').faults, ['line 3 is no rule'])
  t.same(read('pairs', 'x\n'.repeat(100_000)).faults.length, 21, 'no flood')
})

t.test('plugins', async (t) => {
  t.same(read('plugins', '[connection]\na\n[mail]\n:b c\n[d]\n').faults, [])
  t.same(read('plugins', 'a\n[x]\nb\n[\n').faults, [
    'line 1 is in no section',
    'line 2 opens a section that nobody runs',
    'line 4 opens a section that nobody runs',
  ])
})

t.test('routes show no password', async (t) => {
  const good = 'a:b\na:b:26\n:[2001:db8::1]:587|user|pass:99999\n:[::1]\na:\na::2525\n'
  const { shown, faults, secret } = read('routes', good)
  t.same(faults, [])
  t.same(shown[2], ':[2001:db8::1]:587 (with a login)')
  t.equal(secret, true)
  t.equal(read('routes', 'a:b\n').secret, false)
  const bad = read('routes', 'a|u|hidden\na:b:0\na:b:x|u|hidden\na:b:65536\n')
  t.same(bad.faults, ['line 1 has no colon', ...[2, 3, 4].map((n) => `line ${n} has a bad port`)])
  t.notMatch(JSON.stringify([bad.shown, bad.faults]), /hidden/)
})

t.test('secrets', async (t) => {
  t.same(read('secrets', '# x\nhidden\nhidden2\n'), { shown: ['2 secrets'], faults: [], secret: true, paths: [] })
  t.same(read('secrets', '\n').faults, ['there is none in it'])
  const users = read('users', '# x\na:!:1:1:/\nb:$1$hidden:1:1:/\nhidden\nc:$2b$05$x:::/\n')
  t.same(users.faults, ["b has a hash that can't be used", 'line 4 is no user', "c has a hash that can't be used"])
  t.equal(users.secret, true)
  t.notMatch(JSON.stringify(users), /hidden/)
})

t.test('certificates and keys', async (t) => {
  const block = (what: string) => `-----BEGIN ${what}-----\nhidden\n-----END ${what}-----\n`
  const both = read('pem', block('CERTIFICATE') + block('TRUSTED CERTIFICATE') + block('EC PRIVATE KEY'))
  t.same(both, { shown: ['2 certificates and a private key'], faults: [], secret: true, paths: [] })
  t.same(read('pem', block('CERTIFICATE')), { shown: ['1 certificate'], faults: [], secret: false, paths: [] })
  t.same(read('pem', 'x\n').faults, ['there is none in it'])
  t.same(read('pem', '-----BEGIN CERTIFICATE-----\nx\n').faults, ['a block in it has no end'])
  for (const key of [block('PRIVATE KEY'), block('RSA PRIVATE KEY'), `${'A'.repeat(43)}=\n`])
    t.same(read('key', key), { shown: ['a private key'], faults: [], secret: true, paths: [] })
  t.same(read('key', block('PUBLIC KEY')).faults, ['there is no private key in it'])
})

t.test('files with keys that are named', async (t) => {
  const { faults, paths } = read('keys', 'a.example:/k/%/x\nb:keys/b:DKIMSIGNOPTIONS=-c r\nc\nd:\n')
  t.same(faults, ['line 3 has no colon'])
  t.same(paths, ['keys/b'])
})

t.test('what is not looked into', async (t) => {
  t.same(read('cdb', '\0\r\n').faults, [])
  t.same(read('mark', '').shown, ['it is there'])
})
