/** Whose mail it is, as SPF sees it: the sender's mailbox, and the client's address. Pure. */
import { parseAddress } from '@moreqmail/dns/address'

/** A mailbox that answers for the mail. */
export interface Identity {
  readonly local: string
  readonly domain: string
}

const POSTMASTER = 'postmaster'
/** RFC 7208 4.3 */
const LONGEST_DOMAIN = 253
const LONGEST_LABEL = 63

/** The mailbox of an envelope sender; of the null sender, that of the HELO name. RFC 7208 2.4, 4.3 */
export function identityOf(sender: string, helo: string): Identity {
  const mailbox = sender === '' ? helo : sender
  const at = sender === '' ? -1 : mailbox.lastIndexOf('@')
  return { local: at > 0 ? mailbox.slice(0, at) : POSTMASTER, domain: mailbox.slice(at + 1) }
}

/** The mailbox as it is written. */
export function mailboxOf({ local, domain }: Identity): string {
  return `${local}@${domain}`
}

/** True if this can be the name of a domain with an SPF record: labels of the right length, more than one. RFC 7208 4.3 */
export function isDomain(name: string): boolean {
  const labels = (name.endsWith('.') ? name.slice(0, -1) : name).split('.')
  return (
    name.length <= LONGEST_DOMAIN &&
    !name.startsWith('[') &&
    labels.length > 1 &&
    labels.every(({ length }) => length > 0 && length <= LONGEST_LABEL)
  )
}

/** The bytes of a client's address, 4 of them also for an IPv4-mapped one; undefined if it is none. RFC 7208 5 */
export function clientAddress(text: string): Uint8Array | undefined {
  const address = parseAddress(text)
  return address?.length === 16 && inNetwork(address, MAPPED, 96) ? address.slice(12) : address
}

const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0)

/** True for 127.0.0.1 and ::1. */
export function isLoopback(address: Uint8Array): boolean {
  const last = address.length - 1
  return address.every((byte, i) => byte === (i === last ? 1 : i === 0 && last === 3 ? 127 : 0))
}

/** True if the first bits of both are the same; addresses of different families never are. */
export function inNetwork(address: Uint8Array, network: Uint8Array, bits: number): boolean {
  if (address.length !== network.length) return false
  for (let i = 0; 8 * i < bits; i++) {
    const unused = Math.max(0, 8 * i + 8 - bits)
    if ((address[i] ?? 0) >> unused !== (network[i] ?? 0) >> unused) return false
  }
  return true
}
