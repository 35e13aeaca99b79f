/** The keys that signatures name, from the DNS. */
import type { KeyAnswer } from '@moreqmail/dkim'
import { isTemporary, stubResolver } from '@moreqmail/dns'

/** What is at each of these names; all are asked at once. */
export function lookUp(names: readonly string[]): ReadonlyMap<string, KeyAnswer> {
  if (names.length === 0) return new Map()
  const answers = stubResolver().resolve(names.map((name) => ({ name, type: 'TXT' as const })))
  return new Map(
    answers.map((answer, i) => [names[i] ?? '', isTemporary(answer) ? 'temporary' : answer.records] as const),
  )
}
