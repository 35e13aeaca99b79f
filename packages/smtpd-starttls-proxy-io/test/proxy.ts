import t from 'tap'
import { actOn, offerStartTls, replyLine } from '../src/proxy.ts'

const reply = (line: string, alone = true) => {
  const act = actOn(line, alone)
  return typeof act === 'object' ? act.reply.slice(0, 3) : act
}

t.test('commands', async (t) => {
  const acts: Readonly<Record<string, string>> = {
    'EHLO x\r\n': 'hello',
    'ehlo\n': 'hello',
    'EXPN list\r\n': 'forward',
    'Help\r\n': 'forward',
    'QUIT\r\n': 'forward',
    'RSET\r\n': 'forward',
    'VRFY a b\r\n': 'forward',
    'HELO x\r\n': 'give up',
    'MAIL FROM:<a@b>\r\n': 'give up',
    'NOOP x\r\n': '250',
    'RCPT TO:<a@b>\r\n': '503',
    'DATA\r\n': '503',
    'STARTTLS\r\n': 'start tls',
    'StartTLS \n': 'start tls',
    'STARTTLS x\r\n': '501',
    'AUTH PLAIN\r\n': '500',
    '\r\n': '500',
    ' EHLO x\r\n': '500',
    'EHLO\tx\r\n': '500',
    'EHLO\0\r\n': '500',
    'EHLOx\r\n': '500',
    'constructor\r\n': '500',
    '__proto__\r\n': '500',
    '\xff\r\n': '500',
    '\n': '500',
  }
  for (const [line, act] of Object.entries(acts)) t.equal(reply(line), act, JSON.stringify(line))
})

t.test('nothing may come behind STARTTLS', async (t) => {
  t.equal(reply('STARTTLS\r\n', false), '503')
  t.equal(reply('EHLO x\r\n', false), 'hello')
})

t.test('lines of replies', async (t) => {
  t.same(replyLine('250-x\r\n'), { kind: '2', last: false })
  t.same(replyLine('354 x\n'), { kind: '3', last: true })
  t.same(replyLine('220\r\n'), { kind: '2', last: true })
  for (const line of ['', '\r\n', '25 x\r\n', '2500 x\r\n', 'x250 x\r\n', '650 x\r\n', '250x\r\n', 'hello\r\n'])
    t.equal(replyLine(line), undefined, JSON.stringify(line))
})

t.test('the reply to EHLO', async (t) => {
  t.same(offerStartTls(['250-x\r\n', '250-SIZE\r\n', '250 8BITMIME\r\n']), [
    '250-x\r\n',
    '250-SIZE\r\n',
    '250-STARTTLS\r\n',
    '250 8BITMIME\r\n',
  ])
  t.same(offerStartTls(['250 x\r\n']), ['250-x\r\n', '250 STARTTLS\r\n'], 'the name stays first')
  t.same(offerStartTls(['250\r\n']), ['250-\r\n', '250 STARTTLS\r\n'])
  for (const lines of [['502 unimplemented\r\n'], ['421-a\r\n', '421 b\r\n'], ['250-x\r\n', '250 starttls\r\n'], []])
    t.same(offerStartTls(lines), lines)
})
