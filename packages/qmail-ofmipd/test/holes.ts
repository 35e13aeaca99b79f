import t from 'tap'
import { login, plain, type Session, session } from './support/session.ts'

/** The replies to these lines, all sent at once, but for the greeting and the farewell. */
async function replies(lines: readonly string[], more: Omit<Session, 'input'> = {}): Promise<string> {
  const { out, code } = await session({ ...more, input: [`${lines.join('\r\n')}\r\nQUIT\r\n`] })
  t.equal(code, 0)
  return plain(out).split('\r\n').slice(1, -2).join('|')
}

const NOT_ALLOWED = '530 authentication required (#5.7.1)'
const SYNTAX = '555 syntax error (#5.5.4)'

t.test('strangers relay nothing', async (t) => {
  const lines = ['MAIL FROM:<a>', 'RCPT TO:<b>', 'DATA', 'EHLO x', 'MAIL FROM:<\0>', 'RCPT', 'NOOP', 'RSET']
  for (const env of [{}, { AUTHUP_USER: '' }, { UCSPITLS: '' }])
    t.equal(
      (await replies(lines, { env: { RELAYCLIENT: undefined, ...env } })).replace(/250-.*8BITMIME/, '250 EHLO'),
      `${NOT_ALLOWED}|${NOT_ALLOWED}|${NOT_ALLOWED}|250 EHLO|${NOT_ALLOWED}|${NOT_ALLOWED}|250 ok|250 flushed`,
    )
})

t.test('a login is a login whatever else is set', async (t) => {
  const { out, file } = await login({
    input: ['MAIL FROM:<a@b.x>\r\nRCPT TO:<any@where.x>\r\nDATA\r\n.\r\nSTARTTLS\r\nAUTH PLAIN\r\nEHLO x\r\nQUIT\r\n'],
    env: { RELAYCLIENT: '@x', UCSPITLS: '', SSLCTLFD: '1', SSLREADFD: '1', SSLWRITEFD: '1' },
  })
  t.match(out, /250 ok \d+ qp \d+\r\n502 unimplemented \(#5\.5\.1\)\r\n502 unimplemented \(#5\.5\.1\)\r\n250-/)
  t.notMatch(out, /STARTTLS|AUTH/)
  t.equal(file('env'), 'Fa@b.x\0Tany@where.x\0\0')
})

t.test('no control byte gets into an envelope', async (t) => {
  const controls = Array.from({ length: 33 }, (_, i) => String.fromCharCode(i === 32 ? 127 : i)).filter(
    (c) => c !== '\n',
  )
  const forms = (c: string) => [`<a${c}@b>`, `<a@b${c}x>`, `<"${c}"@b>`, `<\\${c}@b>`]
  const lines = controls.flatMap((c) => forms(c).map((form) => `MAIL FROM:${form}`))
  t.equal(await replies(lines), lines.map(() => SYNTAX).join('|'))
  t.equal(
    await replies(['MAIL FROM:<>', ...lines.map((line) => line.replace('MAIL FROM', 'RCPT TO'))]),
    ['250 ok', ...lines.map(() => SYNTAX)].join('|'),
  )
  t.equal(
    await replies(['MAIL \0FROM:<a>', 'MAIL FROM:<a> \0', 'MAIL\0 FROM:<a>']),
    `${SYNTAX}|${SYNTAX}|502 unimplemented (#5.5.1)`,
  )
})

t.test('nothing of the client gets into a reply', async (t) => {
  const { out } = await session({
    input: [
      'EHLO secret\r\nMAIL FROM:<secret@x.y>\r\nRCPT TO:<secret@x.y> secret\r\nsecret\r\nVRFY secret\r\nQUIT secret\r\n',
    ],
  })
  t.notMatch(out, 'secret')
})

t.test('a queue program adds no line to the conversation', async (t) => {
  const qq = "#!/bin/sh\ncat >/dev/null\ncat <&1 >/dev/null\nprintf 'Dno\\001\\r\\n250 ok' >&6\nexit 82\n"
  t.equal(
    await replies(['MAIL FROM:<a>', 'RCPT TO:<b>', 'DATA', '.'], { files: { qq } }),
    '250 ok|250 ok|354 go ahead|554 no?',
  )
})

t.test('blind recipients stay so', async (t) => {
  const header = 'Resent-Bcc: secret@x.y\r\nBcc: secret@x.y\r\nresent-bcc : a,\r\n secret@x.y\r\nTo: b'
  const { file } = await session({ input: [`MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n${header}\r\n.\r\nQUIT\r\n`] })
  t.match(file('msg'), 'To: b@mx.example')
  t.notMatch(file('msg'), /secret|bcc/i)
})

t.test('the user name can not forge a field', async (t) => {
  const { file } = await login({
    input: ['EHLO a\rb (\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n.\r\nQUIT\r\n'],
    env: { AUTHUP_USER: 'joe\nX-Evil: yes', TCPREMOTEHOST: 'h\n\nbody', SSL_CIPHER: 'c\n)' },
  })
  t.equal(
    plain(file('msg')).split('\n').slice(0, 2).join('\n'),
    'Received: from h??body (HELO a?b??) (joe?X-Evil:?yes@192.0.2.1)\n  by unknown with ESMTPSA (c?? encrypted); DATE',
  )
})

t.test('a damaged database', async (t) => {
  const bad = '451 unable to read cdb (#4.3.0)'
  const lines = ['MAIL FROM:<a>', 'RCPT TO:<b>', 'MAIL FROM:<>', 'DATA', 'RSET']
  for (const text of ['', 'short', '\xff'.repeat(2048), '\xff'.repeat(5000)])
    t.equal(
      await replies(lines, { files: { 'n.cdb': text }, args: ['n.cdb'] }),
      `${bad}|503 MAIL first (#5.5.1)|${bad}|503 MAIL first (#5.5.1)|250 flushed`,
    )
  const directory = { files: { 'n.cdb/': '' }, args: ['n.cdb'] }
  t.equal(await replies(['MAIL FROM:<a>'], directory), bad)
})

t.test('sizes do not wrap', async (t) => {
  const files = { 'control/databytes': '4294967306' }
  t.equal(
    await replies(
      ['MAIL FROM:<a> SIZE=4294967307', 'MAIL FROM:<a> SIZE=99999999999999999999', 'MAIL FROM:<a> SIZE=11'],
      { files },
    ),
    '552 sorry, that message size exceeds my databytes limit (#5.3.4)|552 sorry, that message size exceeds my databytes limit (#5.3.4)|250 ok',
  )
  t.match((await session({ input: ['EHLO x\r\nQUIT\r\n'], env: { DATABYTES: '7x' } })).out, '250-SIZE 7\r\n')
  t.match((await session({ input: ['EHLO x\r\nQUIT\r\n'], files, env: { DATABYTES: '' } })).out, '250-SIZE 0\r\n')
})
