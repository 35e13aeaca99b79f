/** Rewriting a sender to one of our domain, and back. Pure. */
import { lower } from '@moreqmail/unix/bytes'
import { fullHash, isHash } from './hash.ts'
import type { Separator, SrsSettings } from './settings.ts'
import { ageOf, stampOf } from './stamp.ts'

/** The address that an SRS address stands for, or why it stands for none. */
export type Reversed = { readonly address: string } | { readonly error: string }

type Tag = 'SRS0' | 'SRS1'

/** The parts of an SRS local part: the tag, its separator, and what follows. */
interface Tagged {
  readonly tag: Tag
  readonly separator: Separator
  readonly rest: string
}

/** Local part and domain, by the last `@`; undefined without one. */
export function splitAddress(address: string): readonly [local: string, domain: string] | undefined {
  const at = address.lastIndexOf('@')
  return at < 0 ? undefined : [address.slice(0, at), address.slice(at + 1)]
}

/** True if this is the local part of an SRS address, be it valid or not. */
export function isSrs(local: string): boolean {
  return tagged(local) !== undefined
}

/**
 * The sender under which a message of `address` is passed on; `now` in seconds since 1970. An address that can't be
 * rewritten so that it leads back stays as it is: without local part or domain, or an incomplete SRS1.
 */
export function forward(address: string, settings: SrsSettings, now: number): string {
  const [local = '', domain = ''] = splitAddress(address) ?? []
  if (local === '' || domain === '') return address
  const parts = tagged(local)
  if (parts === undefined) {
    const stamp = stampOf(now)
    return signed('SRS0', [stamp, domain, local], settings)
  }
  // The separator of the SRS0 stays, so that its forwarder gets back what it has made.
  if (parts.tag === 'SRS0') return signed('SRS1', [domain, parts.separator + parts.rest], settings)
  const [, host, rest] = fields(parts.rest, 3)
  return host && rest ? signed('SRS1', [host, rest], settings) : address
}

/** What the local part of an SRS address stands for; `now` in seconds since 1970. */
export function reverse(local: string, settings: SrsSettings, now: number): Reversed {
  const parts = tagged(local)
  if (parts === undefined) return { error: 'SRS: Not an SRS address.' }
  return parts.tag === 'SRS0' ? reverse0(parts.rest, settings, now) : reverse1(parts.rest, settings)
}

function reverse0(text: string, settings: SrsSettings, now: number): Reversed {
  const [hash, stamp, host, user] = fields(text, 4)
  if (!hash) return missing('hash', 'SRS0')
  if (!stamp) return missing('timestamp', 'SRS0')
  if (!isHost(host)) return missing('host', 'SRS0')
  if (!isUser(user)) return missing('user', 'SRS0')
  const age = ageOf(stamp, now)
  if (age === undefined) return { error: 'SRS: Bad base32 character in timestamp.' }
  const error = hashError(hash, [stamp, host, user], settings)
  if (error !== undefined) return { error }
  return age <= settings.maxAge ? { address: `${user}@${host}` } : { error: 'SRS: Time stamp out of date.' }
}

function reverse1(text: string, settings: SrsSettings): Reversed {
  const [hash, host, user] = fields(text, 3)
  if (!hash) return missing('hash', 'SRS1')
  if (!isHost(host)) return missing('host', 'SRS1')
  if (!isUser(user)) return missing('user', 'SRS1')
  const error = hashError(hash, [host, user], settings)
  return error === undefined ? { address: `SRS0${user}@${host}` } : { error }
}

function missing(what: 'hash' | 'timestamp' | 'host' | 'user', tag: Tag): Reversed {
  return { error: `SRS: No ${what} in ${tag} address.` }
}

function hashError(hash: string, parts: readonly string[], { secrets, hashMin }: SrsSettings): string | undefined {
  if (hash.length < hashMin) return 'SRS: Hash too short in SRS address.'
  return isHash(hash, secrets, parts) ? undefined : 'SRS: Hash invalid in SRS address.'
}

/** Mail can be sent there without any byte being taken for something else. */
function isHost(host: string | undefined): host is string {
  return host !== undefined && host !== '' && !/[\x00-\x20@\x7f]/.test(host)
}

function isUser(user: string | undefined): user is string {
  return user !== undefined && user !== '' && !/[\0\n]/.test(user)
}

function tagged(local: string): Tagged | undefined {
  const [, digit, separator, rest = ''] = /^srs([01])([-+=])(.*)$/is.exec(local) ?? []
  if (separator !== '-' && separator !== '+' && separator !== '=') return undefined
  return { tag: digit === '0' ? 'SRS0' : 'SRS1', separator, rest }
}

/** The text cut at its first `=`s into so many fields, the last one with all that is left; fewer if there are fewer. */
function fields(text: string, most: number): readonly string[] {
  const found: string[] = []
  let from = 0
  while (found.length < most - 1) {
    const end = text.indexOf('=', from)
    if (end < 0) break
    found.push(text.slice(from, end))
    from = end + 1
  }
  return [...found, text.slice(from)]
}

function signed(tag: Tag, parts: readonly string[], { domain, secrets, hashLength, separator }: SrsSettings): string {
  const [secret] = secrets
  if (secret === undefined) throw new Error('no secret to sign with')
  const hash = fullHash(secret, parts).slice(0, hashLength)
  return `${tag}${separator}${[hash, ...parts].join('=')}@${domain}`
}

/** True if both are the same domain. */
export function sameDomain(one: string, other: string): boolean {
  return lower(one) === lower(other)
}
