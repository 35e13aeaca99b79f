import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { pop3Dialogue } from '../src/pop3.ts'
import type { Dialogue, Facts } from '../src/protocol.ts'

const FACTS: Facts = {
  greeting: 'mx.example',
  timestamp: '<1.2@mx.example>',
  capabilities: ['TOP', 'UIDL'],
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

const of = (facts: Partial<Facts> = {}): Dialogue => pop3Dialogue({ ...FACTS, ...facts })

t.test('a session', async (t) => {
  const dialogue = of()
  t.equal(dialogue.greeting, '+OK <1.2@mx.example>')
  t.equal(dialogue.timestamp, '<1.2@mx.example>')
  for (const [line, answer] of [
    ['PASS x', '-ERR authup USER first'],
    ['USER', '-ERR authup syntax error'],
    ['USER   ', '-ERR authup syntax error'],
    ['NOOP', '+OK '],
    ['APOP joe 0123456789abcdef', '-ERR authup authorization first'],
    ['AUTH PLAIN', '-ERR authup authorization first'],
    ['RSET', '-ERR authup authorization first'],
    ['', '-ERR authup authorization first'],
    ['USER\tjoe', '-ERR authup authorization first'],
    ['hasOwnProperty', '-ERR authup authorization first'],
    ['USER ann', '+OK '],
    ['user  joe', '+OK '],
    ['PASS', '-ERR authup syntax error'],
    ['NOOP\0', '-ERR authup syntax error'],
    ['PASS se\0cret', '-ERR authup syntax error'],
    [null, 'fault long'],
    ['PASS   se  cret \t', 'login joe:se  cret \t'],
    ['PASS again', '-ERR authup USER first'],
    ['STLS', '-ERR STLS not available'],
    ['CAPA', '+OK capability list follows\r\nUSER\r\nTOP\r\nUIDL\r\n.'],
    ['QUIT', '+OK , then end'],
  ] as const)
    t.equal(say(dialogue, line), answer, JSON.stringify(line))
})

t.test('TLS', async (t) => {
  const required = of({ tls: 'required', tlsUsable: true, capabilities: [] })
  t.equal(say(required, 'CAPA'), '+OK capability list follows\r\nSTLS\r\n.')
  t.equal(say(required, 'USER joe'), 'fault needTls')
  t.equal(say(required, 'PASS secret'), '-ERR authup USER first')
  t.equal(say(required, 'STLS'), '+OK starting TLS negotiation, then tls')
  required.startOver()
  t.equal(say(required, 'CAPA'), '+OK capability list follows\r\nUSER\r\n.')
  t.equal(say(required, 'STLS'), '-ERR STLS not available')
  t.equal(say(required, 'USER joe'), '+OK ')

  const offered = of({ tls: 'offered', tlsUsable: true, capabilities: [] })
  t.equal(say(offered, 'CAPA'), '+OK capability list follows\r\nSTLS\r\nUSER\r\n.')
  say(offered, 'USER evil')
  offered.startOver()
  t.equal(say(offered, 'PASS secret'), '-ERR authup USER first', 'a name given before does not count')

  const unusable = of({ tls: 'required', tlsUsable: false, capabilities: [] })
  t.equal(say(unusable, 'CAPA'), '+OK capability list follows\r\n.')
  t.equal(say(unusable, 'STLS'), 'fault tls')
  t.equal(say(unusable, 'USER joe'), 'fault needTls')
})
