/** What a DKIM-Signature field says, and what is wrong with it as far as the field alone tells (RFC 6376 6.1.1). Pure. */
import { lower } from '@moreqmail/unix/bytes'
import type { Canonicalization } from './canonical.ts'
import { FINDINGS, type Finding } from './finding.ts'
import { type Field, valueText } from './header.ts'
import type { KeyType } from './keys.ts'
import { parseTags } from './tag-list.ts'
import { decodeBase64, listOf } from './text.ts'

export interface Signature {
  readonly field: Field
  readonly type: KeyType
  /** In lower case. */
  readonly domain: string
  /** Where its key is. */
  readonly keyName: string
  /** The domain of i, or d: in lower case. */
  readonly identityDomain: string
  readonly headerForm: Canonicalization
  readonly bodyForm: Canonicalization
  /** The names in h, in lower case. */
  readonly names: readonly string[]
  readonly bodyHash: Uint8Array
  readonly signature: Uint8Array
  /** How many bytes of the body are signed; Infinity: all. */
  readonly bodyLength: number
}

export const SIGNATURE_FIELD = 'dkim-signature'

/** Clocks differ: a signature may be so many seconds ahead. */
const AHEAD = 3600
const MAX_NAME = 253
const MAX_LABEL = 63
const REQUIRED = ['a', 'b', 'bh', 'd', 'h', 's'] as const
const DOMAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i
const SELECTOR = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i
/** RFC 6376 3.5: at most 76 digits. */
const NUMBER = /^[0-9]{1,76}$/
const FORMS: ReadonlyMap<string, Canonicalization> = new Map([
  ['simple', 'simple'],
  ['relaxed', 'relaxed'],
])

/** True if the text can be a domain that signs: two labels at least. */
export function isDomain(text: string): boolean {
  return DOMAIN.test(text)
}

/** True if the text can be a selector. */
export function isSelector(text: string): boolean {
  return SELECTOR.test(text)
}

/** True if the domain is the other one or lies in it; both in lower case. */
export function isWithin(domain: string, other: string): boolean {
  return domain === other || domain.endsWith(`.${other}`)
}

/** Where the key of a selector is. RFC 6376 3.6.2.1 */
export function keyNameOf(selector: string, domain: string): string {
  return lower(`${selector}._domainkey.${domain}`)
}

/** A signature's field that was read: its tags, as far as there are any, and what it is or what is wrong with it. */
export interface ReadSignature {
  readonly tags: ReadonlyMap<string, string>
  readonly outcome: Signature | Finding
}

/** Reads a DKIM-Signature field; now: seconds since 1970. */
export function readSignature(field: Field, now: number): ReadSignature {
  const { tags, sound } = parseTags(valueText(field))
  return { tags, outcome: sound ? evaluate(field, tags, now) : FINDINGS.syntax }
}

function evaluate(field: Field, tags: ReadonlyMap<string, string>, now: number): Signature | Finding {
  if (tags.get('v') !== '1') return FINDINGS.version
  if (REQUIRED.some((name) => !tags.has(name))) return FINDINGS.syntax
  const get = (name: string, otherwise = ''): string => tags.get(name) ?? otherwise
  const bodyHash = decodeBase64(get('bh'))
  const signature = decodeBase64(get('b'))
  const [headerForm, bodyForm, ...more] = (get('c').includes('/') ? get('c') : `${get('c', 'simple')}/simple`)
    .split('/')
    .map((form) => FORMS.get(lower(form)))
  const domain = lower(get('d'))
  const selector = get('s')
  const [length, time, expiry] = ['l', 't', 'x'].map((name) => tags.get(name))
  if (bodyHash === undefined || signature === undefined) return FINDINGS.syntax
  if (!isDomain(domain) || !isSelector(selector)) return FINDINGS.syntax
  if (headerForm === undefined || bodyForm === undefined || more.length > 0) return FINDINGS.syntax
  if ([length, time, expiry].some((text) => text !== undefined && !NUMBER.test(text))) return FINDINGS.syntax

  const algorithm = lower(get('a'))
  if (algorithm === 'rsa-sha1') return FINDINGS.sha1
  if (algorithm !== 'rsa-sha256' && algorithm !== 'ed25519-sha256') return FINDINGS.algorithm
  if (!listOf(get('q', 'dns/txt')).some((method) => lower(method) === 'dns/txt')) return FINDINGS.query
  const names = listOf(get('h')).map(lower)
  if (!names.includes('from')) return FINDINGS.fromNotSigned
  const identity = get('i', `@${domain}`)
  const identityDomain = lower(identity.slice(identity.lastIndexOf('@') + 1))
  if (!identity.includes('@') || !isWithin(identityDomain, domain)) return FINDINGS.identity
  if (time !== undefined && Number(time) > now + AHEAD) return FINDINGS.future
  if (expiry !== undefined && (Number(expiry) < now || Number(expiry) < Number(time ?? 0))) return FINDINGS.expired
  const keyName = keyNameOf(selector, domain)
  if (keyName.length > MAX_NAME || keyName.split('.').some((label) => label.length > MAX_LABEL))
    return FINDINGS.longName
  return {
    field,
    type: algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519',
    domain,
    keyName,
    identityDomain,
    headerForm,
    bodyForm,
    names,
    bodyHash,
    signature,
    bodyLength: length === undefined ? Number.POSITIVE_INFINITY : Number(length),
  }
}
