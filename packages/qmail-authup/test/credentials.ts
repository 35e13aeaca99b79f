import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { checkpasswordInput, copyOf, loginField, plainCredentials, wipe, withoutBlanks } from '../src/credentials.ts'

const encoded = (text: string): Uint8Array => bytes(btoa(text))

t.test('PLAIN', async (t) => {
  const parse = (message: string) => {
    const found = plainCredentials(encoded(message))
    return found && [latin1(found.name), latin1(found.password)]
  }
  for (const [message, ...wanted] of [
    ['\0joe\0secret', 'joe', 'secret'],
    ['admin\0joe\0secret', 'joe', 'secret'],
    ['\xff\xfe\0\x01\n\0\r\xe9 ', '\x01\n', '\r\xe9 '],
    [`\0${'n'.repeat(6000)}\0${'p'.repeat(3000)}`, 'n'.repeat(6000), 'p'.repeat(3000)],
  ] as const)
    t.same(parse(message), wanted, JSON.stringify(message.slice(0, 20)))
  for (const message of [
    ...['', '\0', '\0\0', '\0\0\0', 'joe', 'joe\0secret', '\0joe', '\0joe\0', '\0\0secret', 'x\0\0secret'],
    ...['\0joe\0secret\0', '\0joe\0sec\0ret', 'a\0b\0c\0d', '\0\0\0x'],
  ])
    t.equal(parse(message), undefined, JSON.stringify(message))
  for (const text of ['=', '*', 'AGpvZQBzZWNyZXQ', 'AGpvZQBzZWNyZXQ=x', 'AGpvZQ BzZWNyZXQ='])
    t.equal(plainCredentials(bytes(text)), undefined, text)
})

t.test('LOGIN', async (t) => {
  const parse = (text: Uint8Array) => {
    const found = loginField(text)
    return found && latin1(found)
  }
  t.equal(parse(encoded('joe')), 'joe')
  t.equal(parse(encoded('\xff \n')), '\xff \n')
  for (const text of ['', '=', '====', '*', 'am9l\0', btoa('\0'), btoa('joe\0'), btoa('joe\0secret')])
    t.equal(parse(bytes(text)), undefined, JSON.stringify(text))
})

t.test('blanks at the end', async (t) => {
  for (const [line, wanted] of [
    ['a b \t ', 'a b'],
    [' \t', ''],
    ['', ''],
    [' a', ' a'],
    ['a\r ', 'a\r'],
  ] as const)
    t.equal(latin1(withoutBlanks(bytes(line))), wanted, JSON.stringify(line))
})

t.test('what checkpassword reads', async (t) => {
  const credentials = { name: bytes('jo\xe9'), password: bytes('se cret') }
  t.equal(latin1(checkpasswordInput(credentials, '')), 'jo\xe9\0se cret\0\0')
  t.equal(latin1(checkpasswordInput(credentials, '<1.2@h>')), 'jo\xe9\0se cret\0<1.2@h>\0')
})

t.test('overwriting', async (t) => {
  const name = bytes('joe')
  const copy = copyOf(name)
  name.fill(0)
  t.equal(latin1(copy), 'joe')
  const credentials = plainCredentials(encoded('\0joe\0secret'))
  t.ok(credentials)
  if (credentials === undefined) return
  const { buffer } = credentials.password
  wipe(credentials)
  t.notOk(
    new Uint8Array(buffer).some((byte) => byte !== 0),
    'nothing is left of the decoded message',
  )
})
