import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import type { Dialogue, Facts } from '../src/protocol.ts'
import { smtpDialogue } from '../src/smtp.ts'

const FACTS: Facts = {
  greeting: 'mx.example',
  timestamp: '<1.2@mx.example>',
  capabilities: ['PIPELINING', '8BITMIME'],
  tls: 'none',
  tlsUsable: false,
  brokenClients: false,
}

/** What the session does about a line: the reply, a fault, or a login. */
function say(dialogue: Dialogue, line: string | null): string {
  const step = dialogue.take(line === null ? 'long' : bytes(line))
  if ('fault' in step) return `fault ${step.fault}`
  if ('login' in step) return `login ${latin1(step.login.name)}:${latin1(step.login.password)}`
  return step.next === undefined ? step.reply : `${step.reply}, then ${step.next}`
}

const of = (facts: Partial<Facts> = {}): Dialogue => smtpDialogue({ ...FACTS, ...facts })

t.test('commands', async (t) => {
  const dialogue = of()
  t.equal(dialogue.greeting, '220 mx.example ESMTP')
  t.equal(dialogue.timestamp, '')
  for (const [line, answer] of [
    ['HELO', '250 mx.example'],
    ['helo  x', '250 mx.example'],
    ['NOOP x', '250 ok'],
    ['RSET', '250 flushed'],
    ['QUIT now', '221 mx.example, then end'],
    ['STARTTLS', '502 unimplemented (#5.5.1)'],
    ['AUTH', 'fault mechanism'],
    ['AUTH ', 'fault mechanism'],
    ['AUTH CRAM-MD5', 'fault mechanism'],
    ['AUTH PLAIN\tx', 'fault mechanism'],
    ['AUTH LOGINX am9l', 'fault mechanism'],
    ['AUTH\tPLAIN', '530 authup authentication required (#5.7.1)'],
    ['', '530 authup authentication required (#5.7.1)'],
    [' NOOP', '530 authup authentication required (#5.7.1)'],
    ['MAIL FROM:<>', '530 authup authentication required (#5.7.1)'],
    ['constructor', '530 authup authentication required (#5.7.1)'],
    ['__proto__ x', '530 authup authentication required (#5.7.1)'],
    ['NOOP\0', 'fault input'],
    ['\0', 'fault input'],
    [null, 'fault long'],
  ] as const)
    t.equal(say(dialogue, line), answer, JSON.stringify(line))
  t.match(say(dialogue, 'HELP'), /^214 authup home page: https:\/\/\S+$/)
})

t.test('AUTH', async (t) => {
  const plain = btoa('\0joe\0secret')
  for (const [lines, ...answers] of [
    [[`AUTH PLAIN ${plain}`], 'login joe:secret'],
    [[`auth plain   ${plain} \t `], 'login joe:secret'],
    [['AUTH PLAIN', plain], '334 ', 'login joe:secret'],
    [['AUTH PLAIN \t ', `${plain} `], '334 ', 'login joe:secret'],
    [['AUTH LOGIN', 'am9l', 'c2VjcmV0'], '334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', 'login joe:secret'],
    [['AUTH login am9l', 'c2VjcmV0\t'], '334 UGFzc3dvcmQ6', 'login joe:secret'],
    [['AUTH PLAIN ='], 'fault input'],
    [['AUTH PLAIN *'], 'fault input'],
    [['AUTH PLAIN', ''], '334 ', 'fault input'],
    [['AUTH PLAIN', '=', 'NOOP'], '334 ', 'fault input', '250 ok'],
    [['AUTH PLAIN', '*', 'NOOP'], '334 ', 'fault cancelled', '250 ok'],
    [['AUTH PLAIN', '* ', 'NOOP'], '334 ', 'fault input', '250 ok'],
    [['AUTH PLAIN', ' *'], '334 ', 'fault input'],
    [['AUTH PLAIN', `${plain}\0`, 'NOOP'], '334 ', 'fault input', '250 ok'],
    [['AUTH PLAIN', null, 'NOOP'], '334 ', 'fault long', '250 ok'],
    [['AUTH LOGIN', '*', plain], '334 VXNlcm5hbWU6', 'fault cancelled', '530 authup authentication required (#5.7.1)'],
    [['AUTH LOGIN', ''], '334 VXNlcm5hbWU6', 'fault input'],
    [['AUTH LOGIN', 'am9l', ''], '334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', 'fault input'],
    [
      ['AUTH LOGIN am9l', '*', 'c2VjcmV0'],
      '334 UGFzc3dvcmQ6',
      'fault cancelled',
      '530 authup authentication required (#5.7.1)',
    ],
    [['AUTH LOGIN am9l', 'NOOP', 'NOOP'], '334 UGFzc3dvcmQ6', 'login joe:4\xe3\x8f', '250 ok'],
    [['AUTH LOGIN am9lAHNlY3JldA==', 'NOOP'], 'fault input', '250 ok'],
    [['AUTH LOGIN =', 'NOOP'], 'fault input', '250 ok'],
  ] as const) {
    const dialogue = of()
    t.same(
      lines.map((line) => say(dialogue, line)),
      answers,
      JSON.stringify(lines),
    )
  }
})

t.test('nothing is left of an earlier attempt', async (t) => {
  const dialogue = of()
  say(dialogue, 'AUTH LOGIN am9l')
  say(dialogue, '*')
  t.equal(say(dialogue, `AUTH PLAIN ${btoa('\0\0secret')}`), 'fault input')
  say(dialogue, `AUTH PLAIN ${btoa('\0joe\0secret')}`)
  t.equal(say(dialogue, 'AUTH LOGIN'), '334 VXNlcm5hbWU6')
  t.equal(say(dialogue, btoa('ann')), '334 UGFzc3dvcmQ6')
  t.equal(say(dialogue, btoa('x')), 'login ann:x')
})

t.test('an abandoned name is overwritten', async (t) => {
  const dialogue = of()
  const line = bytes(`AUTH LOGIN ${btoa('joe')}`)
  dialogue.take(line)
  t.equal(latin1(line), 'AUTH LOGIN am9l', 'the line is left to the caller')
  t.equal(say(dialogue, null), 'fault long')
})

t.test('EHLO', async (t) => {
  const ehlo = (facts: Partial<Facts>) => say(of(facts), 'EHLO x').split('\r\n')
  t.same(ehlo({}), ['250-mx.example', '250-AUTH LOGIN PLAIN', '250-PIPELINING', '250 8BITMIME'])
  t.same(ehlo({ capabilities: [] }), ['250-mx.example', '250 AUTH LOGIN PLAIN'])
  t.same(ehlo({ capabilities: [], brokenClients: true }), [
    '250-mx.example',
    '250-AUTH LOGIN PLAIN',
    '250 AUTH=LOGIN PLAIN',
  ])
  t.same(ehlo({ tls: 'offered', tlsUsable: true, capabilities: ['X'] }), [
    '250-mx.example',
    '250-STARTTLS',
    '250-AUTH LOGIN PLAIN',
    '250 X',
  ])
  t.same(ehlo({ tls: 'offered', tlsUsable: false, capabilities: [] }), ['250-mx.example', '250 AUTH LOGIN PLAIN'])
  t.same(ehlo({ tls: 'required', tlsUsable: true, capabilities: [] }), ['250-mx.example', '250 STARTTLS'])
  t.same(ehlo({ tls: 'required', tlsUsable: false, capabilities: [] }), ['250 mx.example'], 'alone on its line')
})

t.test('TLS', async (t) => {
  const plain = `AUTH PLAIN ${btoa('\0joe\0secret')}`
  for (const tls of ['offered', 'required'] as const) {
    const dialogue = of({ tls, tlsUsable: true, capabilities: [] })
    if (tls === 'required') for (const line of [plain, 'AUTH', 'AUTH X']) t.equal(say(dialogue, line), 'fault needTls')
    else t.equal(say(dialogue, 'AUTH LOGIN'), '334 VXNlcm5hbWU6')
    t.equal(
      say(dialogue, tls === 'required' ? 'STARTTLS' : '*'),
      tls === 'required' ? '220 Ready to start TLS (#5.7.0), then tls' : 'fault cancelled',
    )
    dialogue.startOver()
    t.equal(say(dialogue, 'STARTTLS'), '502 unimplemented (#5.5.1)')
    t.equal(say(dialogue, 'EHLO'), '250-mx.example\r\n250 AUTH LOGIN PLAIN')
    t.equal(say(dialogue, plain), 'login joe:secret')
  }
  const unusable = of({ tls: 'required', tlsUsable: false })
  t.equal(say(unusable, 'STARTTLS'), 'fault tls')
  t.equal(say(unusable, plain), 'fault needTls', 'required all the same')
  const half = of({ tls: 'offered', tlsUsable: true })
  say(half, 'AUTH LOGIN am9l')
  half.startOver()
  t.equal(say(half, 'c2VjcmV0'), '530 authup authentication required (#5.7.1)', 'an exchange does not outlive it')
})

t.test('any bytes', async (t) => {
  // Each line has one answer, and a session never logs in without both parts.
  let seed = 20261120
  const next = (n: number): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >>> 8) % n
  }
  const words = [
    'AUTH ',
    'PLAIN',
    'LOGIN',
    ' ',
    '=',
    '*',
    '\0',
    'AGpvZQBzZWNyZXQ=',
    'am9l',
    'QUIT',
    '\xff',
    '\r',
    '\t',
    'STARTTLS',
  ]
  const dialogue = of({ tls: 'offered' })
  for (let round = 0; round < 50_000; round++) {
    const line = Array.from({ length: next(5) }, () => words[next(words.length)]).join('')
    const step = dialogue.take(next(50) === 0 ? 'long' : bytes(line))
    if (!('login' in step)) continue
    const { name, password } = step.login
    if (name.length === 0 || password.length === 0 || name.includes(0) || password.includes(0))
      t.fail(JSON.stringify(line))
  }
  t.pass()
})
