/** Whose domain signs a message: that of its author, or of an address. Pure. */
import { parseAddresses } from '@moreqmail/message'
import { lower } from '@moreqmail/unix/bytes'
import { type Field, valueText } from './header.ts'
import { isDomain } from './signature.ts'

/** The domain of the first address in the first From field, in lower case; undefined without a usable one. */
export function authorDomain(fields: readonly Field[]): string | undefined {
  const from = fields.find(({ name }) => name === 'from')
  if (from === undefined) return undefined
  // Entries come from the last to the first.
  let first: string | undefined
  parseAddresses(valueText(from).replaceAll('\n', ''), (address) => {
    if (address !== undefined) first = address
  })
  return domainOf(first ?? '')
}

/** The domain behind the last `@`, in lower case; undefined if there is none that could sign. */
export function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  return at < 0 ? undefined : usableDomain(address.slice(at + 1))
}

/** RFC 1035 2.3.4; a longer one is no name of a file either. */
const MAX_DOMAIN = 253

/** The domain in lower case, if it can sign. */
export function usableDomain(domain: string): string | undefined {
  return isDomain(domain) && domain.length <= MAX_DOMAIN ? lower(domain) : undefined
}
