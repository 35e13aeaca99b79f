/** What the words for a host and a port mean, and the forms of addresses. Pure. */
import { lower, wholeNumber } from '@moreqmail/unix/bytes'
import ipaddr from 'ipaddr.js'

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)

/** 4 or 6 for an address literal, with or without `%interface`; undefined if the text is none. */
export function familyOf(text: string): 4 | 6 | undefined {
  if (IPV4.test(text)) return 4
  return text.includes(':') && ipaddr.IPv6.isValid(text) ? 6 : undefined
}

/** Where to listen: one address; for 6, IPv4 clients come too if `both`. */
export interface Place {
  readonly ip: string
  readonly family: 4 | 6
  readonly both: boolean
}

/** Where a server's word for the host says to listen: there, at the address of a `name`, or at `none` there can be. */
export function listenAt(host: string, scope: string | undefined): Place | 'name' | 'none' {
  if (host === '' || host === '0') return { ip: '0.0.0.0', family: 4, both: false }
  if (host === ':0') return { ip: '::', family: 6, both: true }
  if (lower(host) === 'localhost') return { ip: '127.0.0.1', family: 4, both: false }
  const text = /^\[.*\]$/.test(host) ? host.slice(1, -1) : host
  const family = familyOf(text)
  if (family === undefined) return /^[0-9.]+$/.test(text) || text.includes(':') ? 'none' : 'name'
  const scoped = scope !== undefined && isLinkLocal(text) && !text.includes('%')
  return { ip: scoped ? `${text}%${scope}` : text, family, both: false }
}

/** Where a client's word for the host says to connect: to these addresses, of which there may be none, or to a name's. */
export function connectTo(host: string): { readonly ips: readonly string[] } | { readonly name: string } {
  const place = listenAt(host === '' || host === '0' ? '127.0.0.1' : host, undefined)
  if (place === 'none') return { ips: [] }
  return place === 'name' ? { name: host } : { ips: [place.ip] }
}

/** True for an IPv6 address that means something on one link only. RFC 4291 2.5.6 */
export function isLinkLocal(ip: string): boolean {
  return familyOf(ip) === 6 && ipaddr.IPv6.parse(ip).range() === 'linkLocal'
}

/** The address and the interface after its `%`, undefined without one. */
export function splitScope(ip: string): readonly [string, string | undefined] {
  const percent = ip.indexOf('%')
  return percent < 0 ? [ip, undefined] : [ip.slice(0, percent), ip.slice(percent + 1)]
}

/** The port: a number up to 65535, or the TCP port of a name in the text of /etc/services; undefined without one. */
export function portOf(text: string, services: () => string): number | undefined {
  if (/^[0-9]+$/.test(text)) return wholeNumber(text, 65535)
  for (const line of services().split('\n')) {
    const [name, port, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (port?.endsWith('/tcp') && (name === text || aliases.includes(text)))
      return wholeNumber(port.slice(0, -4), 65535)
  }
  return undefined
}

/** What connections are counted by: an IPv4 address, or the first 64 bits of an IPv6 one. */
export function clientKey(ip: string): string {
  return ip.includes(':') ? prefix(ip, 64) : ip
}

/** All `network/length` texts that an address is in, longest length first. */
export function* networks(ip: string): Generator<string> {
  for (let length = ip.includes(':') ? 128 : 32; length >= 0; length--) yield `${prefix(ip, length)}/${length}`
}

/** The address with all bits after the first `length` zero, in its normal form. */
function prefix(ip: string, length: number): string {
  const bytes = ipaddr.parse(ip).toByteArray()
  const masked = bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))))
  const address = ipaddr.fromByteArray(masked)
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString()
}
