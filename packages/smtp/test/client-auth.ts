import t from 'tap'
import { authenticate } from '../src/client-auth.ts'
import { readGreeting, sayHello, type Talk } from '../src/conversation.ts'
import { type Answers, converse } from './lib/talk.ts'

const USELESS = 'but it offers no AUTH method that I can use.\n\0'
const ip = '127.0.0.1'
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')

/** Logs in to a server with these methods: the report, what it heard after EHLO. */
function login(methods: string, answers: Answers, talk: Partial<Talk> = {}) {
  const { report, heard } = converse({
    answers: { EHLO: `250-mx\r\n250 ${methods}\r\n`, '': '500 what\r\n', ...answers },
    talk: { ip, credentials: { user: 'joe', password: 'p\xe4ss' }, ...talk },
    stages: [
      readGreeting,
      sayHello,
      (all) => {
        all.secure = talk.secure ?? false
        return authenticate(all) ?? { record: 'in', quit: false }
      },
    ],
  })
  return { report, heard: heard.replace(/^EHLO me\r\n(HELO me\r\n)?/, '') }
}

t.test('PLAIN', async (t) => {
  const wanted = `AUTH PLAIN ${base64('\0joe\0p\xe4ss')}\r\n`
  t.same(login('AUTH PLAIN', { AUTH: '235 ok\r\n' }), { report: 'in\0', heard: wanted })
  t.same(login('auth=x plain', { AUTH: '235 ok\r\n' }), { report: 'in\0', heard: wanted })
  const asked = login('AUTH PLAIN', { AUTH: '334 more\r\n', '*': '501 cancelled\r\n' })
  t.equal(asked.heard, `${wanted}*\r\nQUIT\r\n`)
  t.match(asked.report, /authentication was rejected \(plain\)\.\nRemote host said: 501 cancelled\n/)
  t.match(login('AUTH PLAIN', { AUTH: '334 \r\n', '*': '235 hm\r\n' }).report, /rejected/, 'not in by giving up')
  const long = 'x'.repeat(3000)
  const { heard } = login('AUTH PLAIN', { AUTH: '235 ok\r\n' }, { credentials: { user: long, password: long } })
  t.equal(heard, `AUTH PLAIN ${base64(`\0${long}\0${long}`)}\r\n`, 'in one line')
})

t.test('LOGIN', async (t) => {
  const dialog = { 'AUTH LOGIN': '334 VXNlcm5hbWU6\r\n', 'am9l\r\n': '334 UGFzc3dvcmQ6\r\n', cORzcw: '235 ok\r\n' }
  t.same(login('AUTH LOGIN', dialog), { report: 'in\0', heard: 'AUTH LOGIN\r\nam9l\r\ncORzcw==\r\n' })
  for (const [step, replies] of Object.entries(dialog)) {
    const { report } = login('AUTH LOGIN', { ...dialog, [step]: '535 bad\r\n' })
    t.equal(
      report,
      `ZConnected to ${ip} but authentication was rejected (login).\nRemote host said: 535 bad\n\0`,
      replies,
    )
  }
  const more = login('AUTH LOGIN', { ...dialog, cORzcw: '334 more\r\n', '*': '501 x\r\n' })
  t.match(more.heard, /cORzcw==\r\n\*\r\nQUIT\r\n$/)
})

t.test('CRAM-MD5', async (t) => {
  // RFC 2195 section 2
  const challenge = '334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n'
  const answer = 'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n'
  const credentials = { user: 'tim', password: 'tanstaaftanstaaf' }
  t.same(login('AUTH CRAM-MD5', { AUTH: challenge, dGlt: '235 ok\r\n' }, { credentials }), {
    report: 'in\0',
    heard: `AUTH CRAM-MD5\r\n${answer}`,
  })
  for (const bad of ['334 <x@y>\r\n', '334 PDE\r\n', '334 P=DE\r\n', '334 PDE4 OTYu\r\n', '334 \xe9\r\n']) {
    const { report, heard } = login('AUTH CRAM-MD5', { AUTH: bad, '*': '501 x\r\n' })
    t.equal(heard, 'AUTH CRAM-MD5\r\n*\r\nQUIT\r\n')
    t.match(report, /rejected \(cram-md5\)\.\nRemote host said: 501 x\n/)
  }
})

t.test('the choice', async (t) => {
  const choice = (methods: string, talk: Partial<Talk>) =>
    /AUTH (\S+)/.exec(login(methods, { AUTH: '535 x\r\n' }, talk).heard)?.[1]
  const all = 'AUTH LOGIN PLAIN CRAM-MD5 GSSAPI'
  t.equal(choice(all, {}), 'CRAM-MD5')
  t.equal(choice(all, { secure: true }), 'PLAIN')
  t.equal(choice('AUTH login cram-md5', { secure: true }), 'LOGIN')
  t.equal(choice('AUTH LOGIN PLAIN', {}), 'PLAIN')
  t.equal(choice('AUTH GSSAPI PLAINX', {}), undefined)
  t.equal(choice('AUTH', {}), undefined)
  t.equal(choice('X', {}), undefined)
  for (const far of ['192.0.2.1', 'unknown', '2001:db8::1', '127.0.0.1.example', '::127.0.0.1', '1127.0.0.1'])
    t.equal(choice('AUTH PLAIN LOGIN', { ip: far }), undefined, far)
  for (const near of ['127.1.2.3', '::1', '::ffff:127.0.0.1'])
    t.equal(choice('AUTH PLAIN', { ip: near }), 'PLAIN', near)
  t.equal(choice(all, { ip: '192.0.2.1' }), 'CRAM-MD5')
  t.equal(choice('AUTH PLAIN', { ip: '192.0.2.1', clearPasswords: true }), 'PLAIN')
  t.equal(choice('AUTH PLAIN', { ip: '192.0.2.1', secure: true }), 'PLAIN')
})

t.test('what may go wrong', async (t) => {
  const useless = login('AUTH GSSAPI', {})
  t.same(useless, { report: `ZConnected to ${ip} ${USELESS}`, heard: 'QUIT\r\n' })
  t.equal(login('X', { EHLO: '500 x\r\n' }).report, `ZConnected to ${ip} ${USELESS}`, 'HELO')
  for (const code of [200, 250, 354, 421, 454, 500, 504, 534, 535, 550]) {
    const { report, heard } = login('AUTH PLAIN LOGIN', { AUTH: `${code} no\r\n` })
    t.equal(report, `ZConnected to ${ip} but authentication was rejected (plain).\nRemote host said: ${code} no\n\0`)
    t.match(heard, /^AUTH PLAIN \S+\r\nQUIT\r\n$/, 'no other method is tried')
  }
  const expired = login('AUTH PLAIN', { AUTH: '432 change it\r\n' })
  t.equal(expired.report, `ZConnected to ${ip} but password expired.\nRemote host said: 432 change it\n\0`)
  t.match(login('AUTH PLAIN', { AUTH: '' }).report, /connection died/)
  t.match(login('AUTH LOGIN', { AUTH: '334 x\r\n', am9l: '' }).report, /connection died/)
  const nobody = login('AUTH PLAIN', {}, { credentials: undefined })
  t.same(nobody, { report: 'in\0', heard: '' })
})
