import t from 'tap'
import { clientVariables, clientWords, type Marks, type Wishes } from '../src/client-words.ts'

const MARKS: Marks = {
  ip: '192.0.2.1',
  port: 2525,
  name: 'mx.example',
  timeout: 60,
  ciphers: '',
  from: undefined,
  verified: false,
  certified: false,
}
const words = (line: string, marks: Partial<Marks> = {}) => clientWords(line, { ...MARKS, ...marks })

t.test('words', async (t) => {
  t.same(words('a  b\t c '), ['a', 'b', 'c'])
  t.same(words(''), [])
  t.same(words(' \t'), [])
  t.same(words(`"a b" 'c' \\d $e`), ['"a', 'b"', "'c'", '\\d', '$e'], 'nothing quotes')
})

t.test('marks within words', async (t) => {
  t.same(words('%i %p %t %m %h %c %%'), ['192.0.2.1', '2525', '60', '60000', 'mx.example', 'DEFAULT', '%'])
  t.same(words('x%i:%py %%i %%%i'), ['x192.0.2.1:2525y', '%i', '%192.0.2.1'])
  t.same(words('%c', { ciphers: 'A:B' }), ['A:B'])
  t.same(words('-T%t', { timeout: 0 }), ['-T0'])
  t.same(words('%z a% %'), ['%z', 'a%', '%'])
  t.same(words('%h', { name: '%i $&' }), ['%i $&'], 'what is put in is not looked at again')
})

t.test('marks that are whole words', async (t) => {
  const line = 'a %o %k %y %n %X z'
  t.same(words(line), ['a', '--no-verify-cert', '-X', 'z'])
  const all = { from: '192.0.2.200', verified: true, certified: true }
  t.same(words(line, all), ['a', '-i192.0.2.200', '-kmx.example', '-y', 'z'])
  t.same(words('x%o %ky', all), ['x%o', '%ky'])
})

const WISHES: Wishes = {
  name: 'mx.example',
  port: 25,
  tls: undefined,
  credentials: undefined,
  anchors: '',
  certificate: undefined,
  ciphers: '',
}
const variables = (wishes: Partial<Wishes> = {}) => clientVariables({ ...WISHES, ...wishes })

t.test('environment', async (t) => {
  t.strictSame(variables(), {
    SSLCTLFD: undefined,
    SSLREADFD: undefined,
    SSLWRITEFD: undefined,
    SMTPC_EHLO: undefined,
    SMTPC_MX: 'mx.example',
    SMTPC_TLS: undefined,
    SMTPC_SMTPS: undefined,
    SMTPC_USER: undefined,
    SMTPC_PASS: undefined,
  })
  t.match(variables({ tls: 'must', port: 465 }), { SMTPC_TLS: 'must', SMTPC_SMTPS: '1' })
  t.match(variables({ credentials: { user: 'u', password: '' } }), { SMTPC_USER: 'u', SMTPC_PASS: '' })
  t.match(variables({ certificate: { file: '/c', key: '/k' } }), { CERTFILE: '/c', KEYFILE: '/k' })
  t.match(variables({ ciphers: 'A:B' }), { CIPHERS: 'A:B' })
  const anchors = (path: string) => {
    const { CAFILE, CADIR } = variables({ anchors: path })
    return [CAFILE, CADIR]
  }
  t.same(anchors('/etc/ssl/cert.pem'), ['/etc/ssl/cert.pem', undefined])
  t.same(anchors('/etc/ssl/certs/'), [undefined, '/etc/ssl/certs'])
  t.ok('CADIR' in variables({ anchors: '/a.pem' }), 'one of the caller would come first')
  t.notOk('CADIR' in variables(), 'without anchors, the caller has the say')
})
