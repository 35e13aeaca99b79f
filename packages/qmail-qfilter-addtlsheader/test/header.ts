import t from 'tap'
import { tlsHeader } from '../src/header.ts'

const DATE = '20 Nov 2026 07:25:46 -0000'
const header = (env: Readonly<Record<string, string>>) =>
  tlsHeader(
    (name) => env[name],
    () => DATE,
  )
const TLS = { SSL_PROTOCOL: 'TLSv1.2', SSL_CIPHER: 'ECDHE-RSA-AES256-GCM-SHA384' }
const words = 'TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384'

t.test('who has decrypted the session', async (t) => {
  t.equal(header(TLS), `Received: (ucspitls ${words}); ${DATE}\n`)
  t.equal(header({ ...TLS, AUTHUP_USER: 'bob' }), `Received: (ucspitls acceptutils authup bob ${words}); ${DATE}\n`)
  t.equal(
    header({ ...TLS, AUTHUP_USER: 'bob', FIXSMTPIOTLS: '' }),
    `Received: (ucspitls acceptutils fixsmtpio ${words}); ${DATE}\n`,
  )
  t.equal(header({ ...TLS, AUTHUP_USER: '' }), `Received: (ucspitls acceptutils authup  ${words}); ${DATE}\n`)
})

t.test('no line', async (t) => {
  t.equal(header({}), undefined)
  t.equal(header({ SSL_PROTOCOL: 'x', AUTHUP_USER: 'bob' }), undefined)
  t.equal(header({ SSL_CIPHER: 'x' }), undefined)
  t.equal(header({ SSL_PROTOCOL: '', SSL_CIPHER: '' }), `Received: (ucspitls  ); ${DATE}\n`, 'empty is set')
})

t.test('nobody else writes into the line', async (t) => {
  t.equal(
    header({ SSL_PROTOCOL: 'a)\n', SSL_CIPHER: '\0\x7f\xff TLS_x', AUTHUP_USER: 'b\r\nBcc: (c)"\\' }),
    `Received: (ucspitls acceptutils authup b??Bcc:??c??? a?? ????TLS_x); ${DATE}\n`,
  )
  t.match(header({ ...TLS, AUTHUP_USER: 'a.b@c%d+e/f=g:h_i-j' }), /authup a\.b@c%d\+e\/f=g:h_i-j /)
})
