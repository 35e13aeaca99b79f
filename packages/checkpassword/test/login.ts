import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { parseLogin } from '../src/login.ts'

function shown(text: string) {
  const login = parseLogin(bytes(text))
  return typeof login === 'string' ? login : [login.name, latin1(login.password)]
}

t.test('logins', async (t) => {
  t.same(shown('al\0pw\0\0'), ['al', 'pw'])
  t.same(shown('al\0pw\0<1.2@x>'), ['al', 'pw'])
  t.same(shown('al\0pw\0'), ['al', 'pw'])
  t.same(shown('al\0pw\0time\0more\0'), ['al', 'pw'])
  t.same(shown('a\r\n:\xff\0p:\n\xe4\0'), ['a\r\n:\xff', 'p:\n\xe4'])
  for (const text of ['\0pw\0\0', 'al\0\0\0', '\0\0\0']) t.equal(shown(text), 'empty', JSON.stringify(text))
})

t.test('cut at every byte', async (t) => {
  const text = 'al\0pw\0\0'
  for (let end = 0; end < 'al\0pw\0'.length; end++) t.equal(shown(text.slice(0, end)), 'malformed', String(end))
})

t.test('the password is no copy', async (t) => {
  const buffer = bytes('al\0pw\0\0')
  const login = parseLogin(buffer)
  buffer.fill(0)
  t.same(typeof login === 'string' ? login : [...login.password], [0, 0])
})
