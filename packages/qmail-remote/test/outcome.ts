import t from 'tap'
import { afterClient, afterTls, type Ended, type Outcome, reported } from '../src/outcome.ts'

const ended = (of: Partial<Ended>): Ended => ({
  output: '',
  errors: '',
  saidTimedOut: false,
  code: 0,
  seconds: 0.1,
  ...of,
})
const client = (of: Partial<Ended>, timeout = 60) => afterClient(ended(of), 'tcpclient', timeout)
const tls = (of: Partial<Ended>) => afterTls(ended(of), '192.0.2.1')
const final = (report: string): Outcome => ({ kind: 'reported', report, final: true })
const unreachable = (timedOut: boolean): Outcome => ({ kind: 'unreachable', timedOut })

const GREETING = 'ZConnected to 192.0.2.1 but greeting failed.\n\0'
const DELIVERED = 'r\0K192.0.2.1 accepted message.\n\0'

t.test('reports', async (t) => {
  t.same(reported(GREETING), { kind: 'reported', report: GREETING, final: false })
  for (const report of [DELIVERED, 'Dx\n\0', 'r\0Zx\n\0', 's\0Dx\n\0']) t.same(reported(report), final(report))
})

t.test('the end of a client', async (t) => {
  t.same(client({ output: DELIVERED, code: 111, errors: 'noise\n', saidTimedOut: true }), final(DELIVERED))
  t.same(client({ output: GREETING }), reported(GREETING))
  t.same(client({ output: DELIVERED, code: -1 }), final(DELIVERED), 'killed behind it')
  t.same(client({ code: 111, errors: 'connection refused\n' }), unreachable(false))
  t.same(client({ code: 111, saidTimedOut: true }), unreachable(true))
  t.same(client({ code: 111, seconds: 60 }), unreachable(true))
  t.same(client({ code: 111, seconds: 60 }, 0), unreachable(false), 'there is no limit to be over')
  t.same(client({ code: -1 }), unreachable(false))
  for (const code of [126, 127]) t.same(client({ code }), final('ZUnable to run tcpclient. (#4.3.0)\n\0'))
  t.same(client({ output: 'hello' }), final('Zqmail-smtpc crashed.\n\0'))
  t.same(client({ output: 'r\0h\0Kip acc' }), final('r\0h\0Zqmail-smtpc crashed.\n\0'))
  t.same(client({ output: 'r\0', code: 127 }), final('r\0Zqmail-smtpc crashed.\n\0'))
  const failed = 'ZTLS connect failed; connected to 192.0.2.1.\n\0'
  t.match(client({ output: failed, errors: 'a\nwhy\n' }), {
    report: 'ZTLS connect failed: why; connected to 192.0.2.1.\n\0',
    final: false,
  })
})

t.test('the end of TLS', async (t) => {
  const failed = (reason = '') => reported(`ZTLS connect failed${reason}; connected to 192.0.2.1.\n\0`)
  t.same(tls({ output: DELIVERED, errors: 'noise' }), final(DELIVERED))
  t.same(tls({ output: DELIVERED, code: -1 }), final(DELIVERED))
  t.same(tls({ output: GREETING }), reported(GREETING))
  for (const code of [0, 96, 97, 98, 100, 111, 127]) t.same(tls({ code }), failed())
  t.same(tls({ code: 97, errors: 'tlsc: fatal: bad certificate\n' }), failed(': tlsc: fatal: bad certificate'))
  t.same(tls({ code: 97, output: 'what' }), failed())
  const crashed = 'ZEither tlsc or qmail-remote-io crashed.\n\0'
  t.same(tls({ code: -1 }), final(crashed))
  t.same(tls({ code: -1, output: 'r\0Kip' }), final(`r\0${crashed}`))
  t.same(tls({ output: 'r\0Kip' }), final(`r\0${crashed}`))
  t.same(tls({ output: 'hello' }), final(crashed))
})
