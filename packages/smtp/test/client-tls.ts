import t from 'tap'
import { greetInTls, startTls, type TlsPolicy, tlsPolicy } from '../src/client-tls.ts'
import { readGreeting, sayHello, sendEnvelope, sendMessage } from '../src/conversation.ts'
import { type Answers, converse } from './lib/talk.ts'

const FAILED = 'ZTLS connect failed; connected to IP.\n\0'
const OFFERED = { EHLO: '250-mx\r\n250-STARTTLS\r\n250 SIZE 1\r\n', STARTTLS: '220 go\r\n' }
const CAUSE = { cause: 'control/x exists' }

t.test('policies', async (t) => {
  const policy = (files: readonly string[], wish?: string, strictness = 0, name = 'mx.d.example') =>
    tlsPolicy({ name, wish, strictness, exists: (path) => files.includes(path.replace('control/', '')) })
  const strict = { cause: 'control/tlsstrictness requires it' }
  const pem = 'tlshosts/mx.d.example.pem'
  const required = { cause: `control/${pem} exists` }
  t.same(policy([]), 'opportunistic')
  t.same(policy([], 'maybe'), 'opportunistic')
  t.same(policy([], undefined, 1), 'opportunistic')
  t.same(policy([], undefined, 2), strict)
  t.same(policy([], undefined, 3), strict)
  t.same(policy([pem], 'no', 2), 'never')
  t.same(policy([pem, 'notlshosts/mx.d.example'], 'must'), strict)
  t.same(policy([pem]), required)
  t.same(policy([pem, 'tlshosts/exhaustivelist', 'notlshosts/mx.d.example'], undefined, 2), required)
  t.same(policy(['tlshosts/exhaustivelist'], undefined, 2), 'never')
  t.same(policy(['notlshosts/mx.d.example'], undefined, 2), 'never')
  t.same(policy(['tlshosts/other.pem', 'notlshosts/other']), 'opportunistic')
  t.same(policy(['tlshosts/192.0.2.1.pem'], undefined, 0, '192.0.2.1'), 'opportunistic', 'an address has no file')
  for (const name of ['../x', '.x', 'a/b', '', 'x\0', '[::1]', '2001:db8::1', 'a b', '\xe9']) {
    const asked: string[] = []
    tlsPolicy({ name, wish: undefined, strictness: 0, exists: (path) => asked.push(path) < 0 })
    t.same(asked, ['control/tlshosts/exhaustivelist'], JSON.stringify(name))
  }
})

/** With this policy and a starter that works, fails, or (undefined) isn't there. */
function start(policy: TlsPolicy, works: boolean | undefined, answers: Answers = OFFERED, smtps = false) {
  let started = 0
  const starter = () => {
    started++
    return works === true
  }
  const { report, heard } = converse({
    answers,
    talk: { tls: { policy, start: works === undefined ? undefined : starter } },
    message: { size: 3 },
    stages: [smtps ? greetInTls : readGreeting, sayHello, startTls, sendEnvelope, sendMessage],
  })
  return { report, heard, started }
}

t.test('opportunistic', async (t) => {
  const forgets = { ...OFFERED, EHLO: '250-mx\r\n250 STARTTLS\r\n' }
  const tls = start('opportunistic', true, forgets)
  t.match(tls.report, /^r\0K/)
  t.match(tls.heard, /^EHLO me\r\nSTARTTLS\r\nEHLO me\r\nMAIL FROM:<s@x>\r\n/, 'once')
  t.equal(tls.started, 1)
  t.match(
    start('opportunistic', true, { ...OFFERED, STARTTLS: '454 no\r\n' }).report,
    /exceeds its limit of 1/,
    'in clear',
  )
  t.match(start('opportunistic', undefined).heard, /^EHLO me\r\nQUIT/, 'nobody to do it')
  t.match(start('opportunistic', true, {}).heard, /^EHLO me\r\nMAIL/, 'not offered')
  t.match(start('never', true, forgets).heard, /^EHLO me\r\nMAIL/)
  const failed = start('opportunistic', false)
  t.equal(failed.report, FAILED)
  t.notMatch(failed.heard, /QUIT/)
})

t.test('required', async (t) => {
  const none = `ZNo TLS achieved while ${CAUSE.cause}; connecting to IP.\n\0`
  t.equal(start(CAUSE, true, {}).report, none)
  t.match(start(CAUSE, true, {}).heard, /QUIT\r\n$/)
  t.equal(start(CAUSE, undefined).report, none)
  t.equal(start(CAUSE, true, { EHLO: '500 x\r\n' }).report, none, 'HELO')
  const refused = start(CAUSE, true, { ...OFFERED, STARTTLS: '250 hm\r\n' })
  t.equal(refused.report, `ZSTARTTLS rejected while ${CAUSE.cause}; connecting to IP.\nRemote host said: 250 hm\n\0`)
  t.match(refused.heard, /STARTTLS\r\nQUIT\r\n$/)
  t.equal(start(CAUSE, false).report, FAILED)
  t.match(start(CAUSE, true, { ...OFFERED, STARTTLS: '' }).report, /connection died/)
})

t.test('bytes behind the 220', async (t) => {
  for (const injected of ['250 evil\r\n', 'x', '\n'])
    for (const policy of ['opportunistic', CAUSE] as const) {
      const { report, heard, started } = start(policy, true, { ...OFFERED, STARTTLS: `220 go\r\n${injected}` })
      t.same({ report, started }, { report: FAILED, started: 0 })
      t.equal(heard, 'EHLO me\r\nSTARTTLS\r\n')
    }
})

t.test('TLS from the start', async (t) => {
  const keywords = { EHLO: '250-mx\r\n250 STARTTLS\r\n' }
  for (const policy of ['opportunistic', CAUSE, 'never'] as const) {
    const { report, heard } = start(policy, true, keywords, true)
    t.match(report, /^r\0K/)
    t.match(heard, /^EHLO me\r\nMAIL/, 'no STARTTLS in TLS')
  }
  t.equal(start('opportunistic', false, keywords, true).report, FAILED)
  t.equal(start('opportunistic', undefined, keywords, true).report, FAILED)
  t.equal(
    start('opportunistic', true, { greeting: '554 no\r\n' }, true).report,
    'ZTLS Connected to IP but greeting failed.\nRemote host said: 554 no\n\0',
  )
})
