import { readFileSync } from 'node:fs'
import t from 'tap'
import type { KeyAnswer } from '../src/key-record.ts'
import { verdictsOn } from './lib/bytes.ts'

type Entry = 'SERVFAIL' | { readonly TXT?: ReadonlyArray<string | readonly string[]>; readonly CNAME?: string }

interface Vector {
  readonly name: string
  readonly message: string
  readonly dns: Readonly<Record<string, Entry>>
  readonly now: number
  readonly results: ReadonlyArray<readonly string[]>
}

const { vectors } = JSON.parse(readFileSync('test/cases/dkim.json', 'utf8')) as { readonly vectors: readonly Vector[] }

function answer(dns: Vector['dns'], name: string): KeyAnswer {
  const entry = dns[name]
  if (entry === undefined) return []
  if (entry === 'SERVFAIL') return 'temporary'
  if (entry.CNAME !== undefined) return answer(dns, entry.CNAME)
  return (entry.TXT ?? []).map((text) => [text].flat())
}

const FORMS: Readonly<Record<string, (message: string) => string>> = {
  'as on the wire': (message) => message,
  'with LF': (message) => message.replaceAll('\r\n', '\n'),
}

for (const [form, change] of Object.entries(FORMS))
  t.test(form, async (t) => {
    for (const { name, message, dns, now, results } of vectors)
      for (const size of [message.length, 1, 7]) {
        const verdicts = await verdictsOn(change(message), (key) => answer(dns, key), { now, size })
        const found = verdicts.map(({ finding }) => finding.result)
        const right = found.length === results.length && found.every((result, i) => results[i]?.includes(result))
        t.ok(right, `${name} in pieces of ${size}: ${found}`)
      }
  })
