/** Which senders are rewritten: those of other people's domains. Pure. */
import { isListedHost, type Listed } from '@moreqmail/smtp/hosts'
import { sameDomain, splitAddress } from '@moreqmail/srs'

/** The sender of a double bounce. */
const DOUBLE_BOUNCE = '#@[]'

/** The domains that are ours. */
export interface Own {
  readonly me: string | undefined
  readonly locals: Listed
  readonly virtualdomains: Listed
  /** The lists of domains we take mail for; undefined: for all of them. */
  readonly rcpthosts: readonly Listed[] | undefined
}

/**
 * True if the sender is to be rewritten to one of `srsDomain`. Senders of ours are where they belong, so they are only
 * rewritten if `own` is undefined.
 */
export function isForeign(sender: string, srsDomain: string, own: () => Own | undefined): boolean {
  if (sender === DOUBLE_BOUNCE) return false
  const [, domain] = splitAddress(sender) ?? []
  if (domain === undefined || sameDomain(domain, srsDomain)) return false
  const ours = own()
  return ours === undefined || !isOurs(domain, ours)
}

function isOurs(domain: string, { me, locals, virtualdomains, rcpthosts }: Own): boolean {
  return (
    (me !== undefined && sameDomain(domain, me)) ||
    locals(domain) ||
    virtualdomains(domain) ||
    rcpthosts === undefined ||
    isListedHost(domain, rcpthosts)
  )
}
