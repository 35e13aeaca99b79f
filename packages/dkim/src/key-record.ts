/** What the key record of a selector says, and whether a signature may use it (RFC 6376 sections 3.6.1 and 6.1.2). Pure. */
import { lower } from '@moreqmail/unix/bytes'
import { FINDINGS, type Finding } from './finding.ts'
import { type PublicKey, readPublicKey } from './keys.ts'
import type { Signature } from './signature.ts'
import { parseTags } from './tag-list.ts'
import { decodeBase64, listOf } from './text.ts'

/** The strings of each TXT record at a name; `temporary`: nothing is known for now. */
export type KeyAnswer = ReadonlyArray<readonly string[]> | 'temporary'

export interface UsableKey {
  readonly key: PublicKey
  /** The domain is only trying DKIM out. */
  readonly test: boolean
}

/** RFC 8301 3.2 */
export const LEAST_RSA_BITS = 1024

const HAS_KEY = /(?:^|;)[ \t\r\n]*p[ \t\r\n]*=/

/** The key of a signature by the answer of the DNS, or why there is none for it. */
export function findKey(signature: Signature, answer: KeyAnswer): UsableKey | Finding {
  if (answer === 'temporary') return FINDINGS.dnsFailure
  const record = answer.map((strings) => strings.join('')).find((text) => HAS_KEY.test(text))
  return record === undefined ? FINDINGS.noKey : readRecord(record, signature)
}

function readRecord(record: string, { type, domain, identityDomain }: Signature): UsableKey | Finding {
  const { tags, sound } = parseTags(record)
  const get = (name: string, otherwise: string): string => tags.get(name) ?? otherwise
  if (!sound || get('v', 'DKIM1') !== 'DKIM1') return FINDINGS.badKey
  if (get('p', '') === '') return FINDINGS.revoked
  if (lower(get('k', 'rsa')) !== type) return FINDINGS.unfitKey
  if (!listOf(get('h', 'sha256')).some((hash) => lower(hash) === 'sha256')) return FINDINGS.unfitKey
  if (!listOf(get('s', '*')).some((service) => service === '*' || lower(service) === 'email')) return FINDINGS.unfitKey
  const flags = listOf(get('t', '')).map(lower)
  if (flags.includes('s') && identityDomain !== domain) return FINDINGS.identity
  const data = decodeBase64(get('p', ''))
  const key = data === undefined ? undefined : readPublicKey(type, data)
  if (key === undefined) return FINDINGS.badKey
  if (type === 'rsa' && key.bits < LEAST_RSA_BITS) return FINDINGS.shortKey
  return { key, test: flags.includes('y') }
}
