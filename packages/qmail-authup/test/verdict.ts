import t from 'tap'
import { type Fault, faultReply } from '../src/protocol.ts'
import { verdictOf } from '../src/verdict.ts'

t.test('exit codes', async (t) => {
  const named = new Map<number, object>([
    [1, { refused: 'refused' }],
    [2, { refused: 'temporary' }],
    [111, { refused: 'temporary' }],
    [16, { fault: 'alarm' }],
    [18, { fault: 'control' }],
  ])
  for (let code = 0; code < 256; code++)
    t.same(verdictOf({ code, signal: 0 }), named.get(code) ?? { over: code }, String(code))
  t.same(verdictOf({ code: -1, signal: 9 }), { fault: 'crash' })
})

t.test('what the client is told', async (t) => {
  for (const [fault, smtp, pop3] of [
    ['control', '421 authup unable to read controls (#4.3.0)', '-ERR authup unable to read controls'],
    ['memory', '451 authup out of memory (#4.3.0)', '-ERR authup out of memory'],
    ['alarm', '451 authup timeout (#4.4.2)', '-ERR authup timeout'],
    ['pipe', '454 authup unable to open pipe (#4.3.0)', '-ERR authup unable to open pipe'],
    ['read', '454 authup unable to read pipe (#4.3.0)', '-ERR authup unable to read pipe'],
    ['write', '454 authup unable to write pipe (#4.3.0)', '-ERR authup unable to write pipe'],
    ['fork', '454 authup unable to fork (#4.3.0)', '-ERR authup unable to fork'],
    ['wait', '454 authup unable to wait for child (#4.3.0)', '-ERR authup unable to wait for child'],
    ['crash', '454 authup aack, child crashed (#4.3.0)', '-ERR authup aack, child crashed'],
    ['refused', '535 authup authorization failed (#5.7.0)', '-ERR authup authorization failed'],
    [
      'temporary',
      '454 authup temporary authentication failure (#4.7.0)',
      '-ERR authup temporary authentication failure',
    ],
    ['mechanism', '504 authup auth type unimplemented (#5.5.1)', '-ERR authup auth type unimplemented'],
    ['input', '501 authup malformed auth input (#5.5.4)', '-ERR authup malformed auth input'],
    ['cancelled', '501 authup auth exchange cancelled (#5.0.0)', '-ERR authup auth exchange cancelled'],
    ['long', '500 authup line too long (#5.5.6)', '-ERR authup line too long'],
    ['tls', '454 authup TLS temporarily not available (#5.7.3)', '-ERR authup TLS temporarily not available'],
    ['needTls', '530 authup Must start TLS first (#5.7.0)', '-ERR authup Must start TLS first'],
  ] as const satisfies ReadonlyArray<readonly [Fault, string, string]>) {
    t.equal(faultReply('smtp', fault), smtp)
    t.equal(faultReply('pop3', fault), pop3)
  }
})
