/** The addresses to send to: which, and in which order. Pure. */
import { normalAddress } from '@moreqmail/dns/address'

/** An address of a server. */
export interface Target {
  readonly ip: string
  /** The server's name, without a final dot; the address if there is none. */
  readonly name: string
  /** Of its MX record; 0 without one. */
  readonly preference: number
}

/** A whole number from 0 up to but not including the limit, all equally likely. */
export type Random = (limit: number) => number

/** An IPv4 address, in brackets or not, without the leading zeros of its numbers: for qmail they never meant octal. */
export function withoutZeros(text: string): string {
  return /^\[?[0-9]+(?:\.[0-9]+){3}\]?$/.test(text) ? text.replace(/(^|[[.])0+(?=[0-9])/g, '$1') : text
}

/** The normal form of an address, that of an IPv4-mapped one as IPv4 (RFC 4291 2.5.5.2); undefined if it is none. */
export function plainAddress(text: string): string | undefined {
  return normalAddress(withoutZeros(text))?.replace(/^::ffff:(?=[0-9]+\.)/, '')
}

/** Lowest preference first, those of equal preference in an order that is new each time. RFC 5321 5.1 */
export function byPreference<T extends { readonly preference: number }>(list: readonly T[], random: Random): T[] {
  const shuffled = [...list]
  for (let left = shuffled.length; left > 1; left--) {
    const [chosen] = shuffled.splice(random(left), 1)
    if (chosen !== undefined) shuffled.push(chosen)
  }
  return shuffled.sort((a, b) => a.preference - b.preference)
}

/** The addresses of this host: those of its interfaces, and others it is known by. */
export function ownAddresses(addresses: readonly string[]): ReadonlySet<string> {
  return new Set(['0.0.0.0', '::', ...addresses.map((address) => plainAddress(address) ?? address)])
}

/** Only those better than the best one that is this host itself: all others would send the mail back. RFC 5321 5.1 */
export function withoutOwn(targets: readonly Target[], own: ReadonlySet<string>): Target[] {
  if (own.size === 0) return [...targets]
  let best = Number.POSITIVE_INFINITY
  for (const { ip, preference } of targets) if (own.has(ip)) best = Math.min(best, preference)
  const better: Target[] = []
  for (const target of targets) if (target.preference < best) better.push(target)
  return better
}
