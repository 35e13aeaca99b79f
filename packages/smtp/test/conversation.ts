import t from 'tap'
import { type Answers, converse, messageOf, type Setting } from './lib/talk.ts'

const DIED = 'ZConnected to IP but connection died. (#4.4.2)\n\0'
const DUPLICATE = 'ZConnected to IP but connection died. Possible duplicate! (#4.4.2)\n\0'
const said = (reply: string) => `Remote host said: ${reply.replaceAll('\r', '')}`
const ehlo = (...keywords: string[]) => ['250-mx\r\n', ...keywords.map((k) => `250-${k}\r\n`), '250 X\r\n'].join('')

t.test('a delivery', async (t) => {
  const { report, heard } = converse()
  t.equal(report, `r\0KIP accepted message.\n${said('250 queued\n')}\0`)
  t.equal(heard, 'EHLO me\r\nMAIL FROM:<s@x>\r\nRCPT TO:<r@y>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n')
})

t.test('every stage, every kind of reply', async (t) => {
  const rows: ReadonlyArray<readonly [Answers, string, boolean?]> = [
    [{ greeting: '554 no\r\n' }, `ZConnected to IP but greeting failed.\n${said('554 no\n')}\0`],
    [{ greeting: '250 hm\r\n' }, `ZConnected to IP but greeting failed.\n${said('250 hm\n')}\0`],
    [{ EHLO: '500 a\r\n', HELO: '550 b\r\n' }, `ZConnected to IP but my name was rejected.\n${said('550 b\n')}\0`],
    [{ EHLO: '220 a\r\n', HELO: '220 b\r\n' }, `ZConnected to IP but my name was rejected.\n${said('220 b\n')}\0`],
    [{ MAIL: '550 no\r\n' }, `DConnected to IP but sender was rejected.\n${said('550 no\n')}\0`],
    [{ MAIL: '451 no\r\n' }, `ZConnected to IP but sender was rejected.\n${said('451 no\n')}\0`],
    [{ MAIL: '354 no\r\n' }, `ZConnected to IP but sender was rejected.\n${said('354 no\n')}\0`],
    [{ MAIL: 'abc\r\n' }, `ZConnected to IP but sender was rejected.\n${said('abc\n')}\0`],
    [{ RCPT: '550 no\r\n' }, `hIP does not like recipient.\n${said('550 no\n')}\0DGiving up on IP.\n\0`],
    [{ RCPT: '421 no\r\n' }, `sIP does not like recipient.\n${said('421 no\n')}\0DGiving up on IP.\n\0`],
    [{ RCPT: '552 full\r\n' }, `hIP does not like recipient.\n${said('552 full\n')}\0DGiving up on IP.\n\0`],
    [{ RCPT: '354 no\r\n' }, `sIP does not like recipient.\n${said('354 no\n')}\0DGiving up on IP.\n\0`],
    [
      { RCPT: '550-no\r\n250 yes\r\n' },
      `sIP does not like recipient.\n${said('550-no\n250 yes\n')}\0DGiving up on IP.\n\0`,
    ],
    [{ DATA: '554 no\r\n' }, `r\0DIP failed on DATA command.\n${said('554 no\n')}\0`],
    [{ DATA: '451 no\r\n' }, `r\0ZIP failed on DATA command.\n${said('451 no\n')}\0`],
    [{ DATA: '250 no\r\n' }, `r\0ZIP failed on DATA command.\n${said('250 no\n')}\0`],
    [{ text: '554 no\r\n' }, `r\0DIP failed after I sent the message.\n${said('554 no\n')}\0`],
    [{ text: '452 no\r\n' }, `r\0ZIP failed after I sent the message.\n${said('452 no\n')}\0`],
    [{ text: '354 no\r\n' }, `r\0ZIP failed after I sent the message.\n${said('354 no\n')}\0`],
    [{ text: '250-x\r\n550 no\r\n' }, `r\0ZIP failed after I sent the message.\n${said('250-x\n550 no\n')}\0`],
    [{ text: '299 yes\r\n' }, `r\0KIP accepted message.\n${said('299 yes\n')}\0`],
  ]
  for (const [answers, wanted] of rows) {
    const { report, heard } = converse({ answers })
    t.equal(report, wanted)
    t.ok(heard.endsWith('QUIT\r\n'), 'in good order')
  }
})

t.test('the end of what the server says at every byte', async (t) => {
  for (const pipelining of ['', 'PIPELINING']) {
    const answers = { EHLO: ehlo(pipelining), RCPT: '250-x\r\n250 y\r\n', text: '250-x\r\n250 y\r\n' }
    const setting: Setting = { answers, recipients: ['1@y', '2@y'] }
    const whole = `220 mx\r\n${answers.EHLO}250 ok\r\n${answers.RCPT.repeat(2)}354 go\r\n${answers.text}`
    const before = whole.length - answers.text.length
    for (let cut = 0; cut <= whole.length; cut++) {
      const { report, heard } = converse({ ...setting, server: { cut } })
      const records = (report.match(/r\0/g) ?? []).length
      const last = report.slice(2 * records)
      if (cut === whole.length) t.equal(last, `KIP accepted message.\n${said(answers.text)}\0`)
      else if (cut > before) t.equal(last, DUPLICATE, `after ${cut} bytes`)
      else if (cut === before) t.equal(last, DIED, 'the end was seen before the message went out')
      else t.equal(last, DIED, `after ${cut} bytes`)
      t.equal(heard.endsWith('QUIT\r\n'), cut === whole.length)
    }
  }
})

t.test('a server that stops reading at every byte', async (t) => {
  const all = 'EHLO me\r\nMAIL FROM:<s@x>\r\nRCPT TO:<r@y>\r\nDATA\r\nhi\r\n.\r\n'
  for (const broken of [true, false])
    for (let takes = 0; takes < all.length; takes++) {
      const { report } = converse({ server: { takes, broken, ...(broken && takes > 0 ? { cut: 1000 } : {}) } })
      t.equal(report, (takes >= all.indexOf('DATA') ? 'r\0' : '') + DIED, `after ${takes} bytes`)
    }
  const { report } = converse({ server: { takes: all.length } })
  t.match(report, /^r\0KIP/, 'QUIT alone is not needed')
})

t.test('silence', async (t) => {
  for (const key of ['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'text']) {
    const { report, server } = converse({ answers: { [key]: '' } })
    t.ok(report.endsWith(key === 'text' ? DUPLICATE : DIED), key)
    t.equal(server.now, 10_000)
  }
})

t.test('a server that refuses the message while it comes', async (t) => {
  const text = 'x\n'.repeat(200_000)
  const early = { DATA: '354 go\r\n554 too big\r\n' }
  const wanted = `r\0DIP failed after I sent the message.\n${said('554 too big\n')}\0`
  const limited = { takes: 100_000, writeSize: 4096 }
  const broken = converse({ text, answers: early, server: { ...limited, broken: true } })
  t.equal(broken.report, wanted)
  t.notMatch(broken.heard, /QUIT/)
  t.equal(converse({ text, answers: early, server: limited }).report, wanted, 'it just reads no more')
  t.equal(converse({ text, answers: early }).report, wanted, 'it reads on')
  t.equal(converse({ text, server: { ...limited, broken: true, cut: 48 } }).report, `r\0${DIED}`, 'without a reason')
  const success = { DATA: '354 go\r\n250 fine\r\n' }
  t.equal(converse({ text, answers: success, server: limited }).report, `r\0${DIED}`, 'that is no reason')
})

t.test('recipients', async (t) => {
  const recipients = ['1@y', '2@y', '3@y']
  const answers = {
    'RCPT TO:<1@y>': '552 too many\r\n',
    'RCPT TO:<2@y>': '250 ok\r\n',
    'RCPT TO:<3@y>': '450 later\r\n',
  }
  for (const keyword of ['', 'PIPELINING']) {
    const { report } = converse({ recipients, answers: { ...answers, EHLO: ehlo(keyword) } })
    t.equal(
      report,
      `sIP does not like recipient.\n${said('552 too many\n')}\0r\0` +
        `sIP does not like recipient.\n${said('450 later\n')}\0KIP accepted message.\n${said('250 queued\n')}\0`,
    )
  }
  const many = Array.from({ length: 5000 }, (_, i) => `${i}@y`)
  const { report, heard } = converse({ recipients: many, answers: { EHLO: ehlo('PIPELINING') } })
  t.equal(report.slice(0, 10_001), `${'r\0'.repeat(5000)}K`)
  t.equal((heard.match(/RCPT/g) ?? []).length, 5000)
})

t.test('PIPELINING', async (t) => {
  const recipients = ['1@y', '2@y']
  const { server } = converse({ recipients, answers: { EHLO: ehlo('PIPELINING') } })
  t.same(server.writes, [
    'EHLO me\r\n',
    'MAIL FROM:<s@x>\r\nRCPT TO:<1@y>\r\nRCPT TO:<2@y>\r\n',
    'DATA\r\n',
    'hi\r\n.\r\n',
    'QUIT\r\n',
  ])
  const refused = { EHLO: ehlo('PIPELINING'), MAIL: '550 no\r\n', RCPT: '503 x\r\n' }
  t.equal(
    converse({ recipients, answers: refused }).report,
    `DConnected to IP but sender was rejected.\n${said('550 no\n')}\0`,
  )
  const length = `220 mx\r\n${refused.EHLO}`.length
  t.equal(converse({ recipients, answers: refused, server: { cut: length + 8 } }).report, DIED, 'replies were due')
  const closing = { ...refused, MAIL: '421 bye\r\n' }
  t.equal(
    converse({ recipients, answers: closing, server: { cut: length + 9 } }).report,
    `ZConnected to IP but sender was rejected.\n${said('421 bye\n')}\0`,
    'none are after a 421',
  )
  t.notMatch(converse({ answers: { EHLO: ehlo('PIPELINING'), RCPT: '550 no\r\n' } }).heard, /DATA/)
})

t.test('SIZE', async (t) => {
  const mail = (keyword: string, size: number | undefined) => {
    const { heard } = converse({ answers: { EHLO: ehlo(keyword) }, message: { size } })
    return /MAIL FROM:<s@x>(.*)\r\n/.exec(heard)?.[1]
  }
  t.equal(mail('SIZE', 3), ' SIZE=3')
  t.equal(mail('SIZE 0', 3), ' SIZE=3')
  t.equal(mail('SIZE 3', 3), ' SIZE=3')
  t.equal(mail('SIZE', 0), ' SIZE=0')
  t.equal(mail('SIZE', undefined), '')
  t.equal(mail('SIZE junk', 3), '')
  t.equal(mail('X', 3), '')
  const { report, heard } = converse({ answers: { EHLO: ehlo('SIZE 2') }, message: { size: 3 } })
  t.equal(report, 'DConnected to IP but message size 3 exceeds its limit of 2. (#5.3.4)\n\0')
  t.equal(heard, 'EHLO me\r\nQUIT\r\n')
  const helo = converse({ answers: { EHLO: '502-x\r\n502 SIZE 2\r\n', HELO: ehlo('SIZE 2') }, message: { size: 3 } })
  t.match(helo.heard, /MAIL FROM:<s@x>\r\n/, 'HELO offers nothing')
})

t.test('messages', async (t) => {
  const sent = (text: string, message?: Setting['message']) => {
    const { heard, report } = converse({ text, ...(message ? { message } : {}) })
    return { text: heard.slice(heard.indexOf('RCPT TO:<r@y>\r\n') + 15).replace(/^DATA\r\n/, 'DATA '), report }
  }
  t.equal(sent('').text, 'DATA .\r\nQUIT\r\n')
  t.equal(sent('a\r.\rb\n').text, 'DATA a\r\n..\r\nb\r\n.\r\nQUIT\r\n')
  const partial = 'r\0DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n\0'
  t.same(sent('a\nb'), { text: 'DATA ', report: partial }, 'dropped')
  const known = sent('a\nb', { endsPartial: () => true })
  t.same(known, { text: 'QUIT\r\n', report: partial }, 'known before DATA')
  t.same(sent('', { read: () => -5 }), { text: 'DATA ', report: 'r\0ZUnable to read message. (#4.3.0)\n\0' })
})

t.test('large messages', async (t) => {
  const whole = '0123456789abcdef'.repeat(4096)
  for (let length = 65_530; length < 65_545; length++) {
    const text = `${whole.slice(0, length - 17)}\n.123456789abcde\n`
    t.equal(text.length, length)
    for (const piece of [1e9, 1000]) {
      const { heard, report, server } = converse({ message: messageOf(text, piece) })
      t.equal(
        heard.slice(heard.indexOf('DATA\r\n') + 6),
        `${text.replaceAll('\n', '\r\n').replace('\n.', '\n..')}.\r\nQUIT\r\n`,
      )
      t.match(report, /^r\0K/)
      t.not(server.writes.at(-2), '.\r\n', 'the end comes with the last bytes')
    }
  }
  const lines = 'a line\n'.repeat(300_000)
  const cut = converse({ text: `${lines}x` })
  t.match(cut.report, /^r\0DSMTP cannot/)
  t.notMatch(cut.heard, /\n\.\r\n/)
})
