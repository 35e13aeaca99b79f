import { readFileSync } from 'node:fs'
import t from 'tap'
import { checkSender } from '../src/check.ts'
import { clientAddress } from '../src/identity.ts'
import { type Zone, zoneOf } from './lib/zone.ts'

interface Scenario {
  readonly scenario: string
  readonly zonedata: Zone
  readonly tests: ReadonlyArray<{
    readonly name: string
    readonly helo: string
    readonly host: string
    readonly mailfrom: string
    readonly results: readonly string[]
    readonly explanation?: string
  }>
}

const SUITE: { readonly scenarios: readonly Scenario[] } = JSON.parse(
  readFileSync('test/cases/spf-rfc7208.json', 'utf8'),
)

for (const { scenario, zonedata, tests } of SUITE.scenarios)
  t.test(scenario, async (t) => {
    for (const { name, helo, host, mailfrom: sender, results, explanation } of tests) {
      const client = { helo, sender, receiver: 'mx.example', time: 0, ask: zoneOf(zonedata) }
      const outcome = checkSender({ ...client, ip: clientAddress(host)! })
      t.ok(results.includes(outcome.result), `${name}: ${outcome.result}, of ${results.join(' ')}`)
      if (explanation === undefined) continue
      t.equal(outcome.explanation(), explanation === 'DEFAULT' ? undefined : explanation, `${name}: explanation`)
    }
  })

t.test('the whole suite is there', async (t) => {
  t.equal(SUITE.scenarios.flatMap(({ tests }) => tests).length, 203)
})
