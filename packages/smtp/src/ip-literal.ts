/** Which address literals mean this host. */
import { lower } from '@moreqmail/unix/bytes'
import { hostOf } from './address.ts'

/** What has to be known of this host and of addresses. */
export interface LocalAddresses {
  /** Its name, put in place of a literal. */
  readonly name: string
  /** True if the IP address, in normal form, is one of this host's. */
  readonly has: (ip: string) => boolean
  /** The normal form of an IPv6 address; undefined if the text is none. */
  readonly normal: (text: string) => string | undefined
}

/** The address with the host's name in place of a literal of the host's own IP address (RFC 5321 section 4.1.3). */
export function replaceLiteral(address: string, local: LocalAddresses): string {
  const host = hostOf(address)
  if (host === undefined || !host.startsWith('[') || !host.endsWith(']')) return address
  const ip = ipv4(host.slice(1, -1)) ?? ipv6(host.slice(1, -1), local)
  if (ip === undefined || (ip !== '0.0.0.0' && ip !== '::' && !local.has(ip))) return address
  return address.slice(0, -host.length) + local.name
}

/** Four decimal numbers up to 255, leading zeros taken off; undefined if the text is anything else. */
function ipv4(text: string): string | undefined {
  if (!/^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/.test(text)) return undefined
  const numbers = text.split('.').map(Number)
  return numbers.every((n) => n <= 255) ? numbers.join('.') : undefined
}

function ipv6(text: string, local: LocalAddresses): string | undefined {
  const ip = lower(text).startsWith('ipv6:') ? text.slice(5) : ''
  return ip.includes(':') ? local.normal(ip) : undefined
}
