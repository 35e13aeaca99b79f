import t from 'tap'
import { deliver, type TlsWish } from '../src/deliver.ts'
import { giveUp, type Outcome, reported } from '../src/outcome.ts'

const UNREACHABLE: Outcome = { kind: 'unreachable', timedOut: false }
const DELIVERED = 'r\0Kaccepted.\n\0'
const TLS_FAILED = 'ZTLS connect failed; connected to a.\n\0'
const NO_CONNECTION = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"

/** Plays outcomes for `ip` or `ip wish`, or the report that stands there: the report of all, and what was tried. */
function play(
  ips: string,
  strictness: number,
  outcomes: Record<string, Outcome | string>,
  pinned = '',
): [string, string] {
  const tried: string[] = []
  const report = deliver({
    targets: ips.split(' ').map((ip) => ({ ip, name: ip, preference: 0 })),
    strictness,
    attempt: ({ ip }, tls: TlsWish) => {
      const name = tls === undefined ? ip : `${ip} ${tls}`
      tried.push(name)
      const outcome = outcomes[name]
      if (outcome === undefined) throw new Error(`${name} was tried`)
      return typeof outcome === 'string' ? reported(outcome) : outcome
    },
    mayBeClear: ({ ip }) => !pinned.includes(ip),
  })
  return [report, tried.join(', ')]
}

t.test('one after the other', async (t) => {
  t.same(play('a b', 0, { a: DELIVERED }), [DELIVERED, 'a'])
  t.same(play('a b', 0, { a: UNREACHABLE, b: DELIVERED }), [DELIVERED, 'a, b'])
  t.same(play('a b', 0, { a: 'Zgreeting\0', b: DELIVERED }), [DELIVERED, 'a, b'])
  t.same(play('a b', 0, { a: UNREACHABLE, b: UNREACHABLE }), [NO_CONNECTION, 'a, b'])
  t.same(play('a b c', 0, { a: UNREACHABLE, b: 'Z1\0', c: 'Z2\0' }), ['Z1\0', 'a, b, c'], 'the first word')
  t.same(play('a b', 0, { a: 'Z1\0', b: UNREACHABLE }), ['Z1\0', 'a, b'])
  for (const report of ['D1\0', 's\0D1\0', 'r\0Z1\0']) t.same(play('a b', 0, { a: report }), [report, 'a'])
  t.same(play('a b', 0, { a: 'Z1\0', b: 'D2\0' }), ['D2\0', 'a, b'])
  t.same(play('a b', 0, { a: giveUp('Zcrashed\0') }), ['Zcrashed\0', 'a'])
})

t.test('TLS if it works', async (t) => {
  t.same(play('a b', 0, { a: TLS_FAILED, 'a no': DELIVERED }), [DELIVERED, 'a, a no'])
  t.same(play('a b', 0, { a: TLS_FAILED, 'a no': 'Z1\0', b: DELIVERED }), [DELIVERED, 'a, a no, b'])
  t.same(play('a', 0, { a: TLS_FAILED, 'a no': 'Z1\0' }), ['Z1\0', 'a, a no'])
  t.same(play('a b', 0, { a: TLS_FAILED, 'a no': UNREACHABLE, b: UNREACHABLE }), [TLS_FAILED, 'a, a no, b'])
  t.same(play('a b', 0, { a: TLS_FAILED, b: DELIVERED }, 'a'), [DELIVERED, 'a, b'], 'where it must be')
  t.same(play('a', 0, { a: TLS_FAILED }, 'a'), [TLS_FAILED, 'a'])
  t.same(play('a', 0, { a: giveUp(TLS_FAILED), 'a no': DELIVERED }), [DELIVERED, 'a, a no'])
})

t.test('TLS if anybody has it', async (t) => {
  const noTls = 'ZNo TLS achieved\n\0'
  t.same(play('a b', 1, { 'a must': noTls, 'b must': DELIVERED }), [DELIVERED, 'a must, b must'])
  t.same(play('a b', 1, { 'a must': noTls, 'b must': TLS_FAILED, 'a no': DELIVERED }), [
    DELIVERED,
    'a must, b must, a no',
  ])
  t.same(play('a b', 1, { 'a must': noTls, 'b must': UNREACHABLE, 'a no': 'Z2\0' }), [noTls, 'a must, b must, a no'])
  t.same(play('a', 1, { 'a must': UNREACHABLE }), [NO_CONNECTION, 'a must'])
  t.same(play('a b', 1, { 'a must': noTls, 'b must': noTls, 'b no': DELIVERED }, 'a'), [
    DELIVERED,
    'a must, b must, b no',
  ])
  t.same(play('a', 1, { 'a must': 'D1\0' }), ['D1\0', 'a must'])
})

t.test('never without TLS', async (t) => {
  t.same(play('a b', 2, { 'a must': TLS_FAILED, 'b must': 'Z2\0' }), [TLS_FAILED, 'a must, b must'])
})
