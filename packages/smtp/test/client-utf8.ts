import t from 'tap'
import { receivedWithUtf8 } from '../src/client-utf8.ts'
import { converse, type Setting } from './lib/talk.ts'

const NOT_SUPPORTED = 'DConnected to IP but server does not support internationalized email addresses (#5.6.7).\n\0'
const GRAA = 'gr\xc3\xa5'
const BUECHER = 'b\xc3\xbccher.example'
const RECEIVED = 'Received: from x by y\n\twith utf8smtpSA; date\n'
const OFFERED = { EHLO: '250-mx\r\n250 SMTPUTF8\r\n' }

function envelope(setting: Setting): string | undefined {
  return /(MAIL(?:.|\s)*)DATA/.exec(converse(setting).heard)?.[1]
}

t.test('Received', async (t) => {
  const yes = [
    'Received: from x by y with UTF8SMTP; date\n',
    'received : by y with utf8smtpA id 1 for <x@y>; date\n',
    'Return-Path: <x@y>\nDelivered-To: x\nRECEIVED: from x\n (y)\n\twith\n\tUTF8SMTPS\n ; date\nReceived: with ESMTP; x\n',
    'Received: (comment) with (another (nested) one) UTF8SMTPSA (and "this); date\n',
    'Received: with utf8smtp',
    'Received:with UTF8SMTP; date\n',
  ]
  for (const header of yes) t.ok(receivedWithUtf8(header), header)
  const no = [
    '',
    'Received: from x by y with ESMTPSA; date\n',
    'Received: from x by y with UTF8; date\n',
    'Received: from x by y with UTF8SMTPX; date\n',
    'Received: from x by y with UTF8SMTPAS; date\n',
    'Received: by y with SMTP; with UTF8SMTP\n',
    'Received: by y with SMTP; date\nReceived: by z with UTF8SMTP; date\n',
    'Received: from x (HELO with UTF8SMTP x) by y with SMTP; date\n',
    'Received: from "x with UTF8SMTP " by y; date\n',
    'Received: by ywith UTF8SMTP; date\n',
    'X-Received: with UTF8SMTP; date\n',
    'Subject: x\n Received: with UTF8SMTP; date\n',
    'Subject: \xc3\xa5 with UTF8SMTP; x\n',
  ]
  for (const header of no) t.notOk(receivedWithUtf8(header), header)
  t.notOk(receivedWithUtf8(`Received: ${'('.repeat(60_000)} with UTF8SMTP `))
})

t.test('offered', async (t) => {
  const answers = OFFERED
  t.equal(envelope({ answers, sender: `${GRAA}@b` }), `MAIL FROM:<${GRAA}@b> SMTPUTF8\r\nRCPT TO:<r@y>\r\n`)
  t.equal(envelope({ answers, recipients: [`r@${BUECHER}`] }), `MAIL FROM:<s@x> SMTPUTF8\r\nRCPT TO:<r@${BUECHER}>\r\n`)
  t.equal(envelope({ answers, sender: '\xe9@b' }), 'MAIL FROM:<"\xe9"@b> SMTPUTF8\r\nRCPT TO:<r@y>\r\n')
  t.match(envelope({ answers, message: { head: () => RECEIVED } }), 'MAIL FROM:<s@x> SMTPUTF8\r\n')
  t.match(envelope({ answers }), 'MAIL FROM:<s@x>\r\n', 'not needed')
  const both = { EHLO: '250-mx\r\n250-SMTPUTF8\r\n250 SIZE\r\n' }
  t.match(envelope({ answers: both, sender: `${GRAA}@b`, message: { size: 3 } }), ' SIZE=3 SMTPUTF8\r\n')
})

t.test('not offered', async (t) => {
  for (const answers of [{}, { EHLO: '500 x\r\n' }]) {
    t.equal(converse({ answers, sender: `${GRAA}@b` }).report, NOT_SUPPORTED)
    t.equal(converse({ answers, recipients: ['a@b', `${GRAA}@${BUECHER}`] }).report, NOT_SUPPORTED)
    t.equal(converse({ answers, sender: GRAA }).report, NOT_SUPPORTED, 'without a domain')
    t.equal(converse({ answers, sender: 's@\xe9' }).report, NOT_SUPPORTED, 'a domain without A-labels')
    t.equal(
      envelope({ answers, sender: `a b@${BUECHER}`, recipients: ['r@y', `r@${BUECHER}`] }),
      'MAIL FROM:<"a b"@xn--bcher-kva.example>\r\nRCPT TO:<r@y>\r\nRCPT TO:<r@xn--bcher-kva.example>\r\n',
    )
  }
  const { report, heard } = converse({ message: { head: () => RECEIVED } })
  t.same({ report, heard }, { report: NOT_SUPPORTED, heard: 'EHLO me\r\nQUIT\r\n' })
  t.equal(converse({ sender: `s@${BUECHER}`, message: { head: () => RECEIVED } }).report, NOT_SUPPORTED)
  const helo = { EHLO: '500 x\r\n' }
  t.match(converse({ answers: helo, message: { head: () => RECEIVED } }).report, /^r\0K/, 'nobody looks without EHLO')
})

t.test('switched off', async (t) => {
  const setting = { sender: `${GRAA}@${BUECHER}`, talk: { smtputf8: false }, message: { head: () => RECEIVED } }
  for (const answers of [{}, OFFERED])
    t.match(envelope({ ...setting, answers }), `MAIL FROM:<"${GRAA}"@${BUECHER}>\r\n`)
})
