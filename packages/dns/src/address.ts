/** Addresses of hosts: their texts, their bytes, and their names in the DNS. Pure. */

import { isDigit } from '@moreqmail/unix/bytes'

const OCTETS = 4
const WORDS = 8
const LONGEST = 45
/** Before an IPv6 address, in either case. */
const TAG = 'ipv6:'

/** The 4 or 16 bytes of an address; undefined if the text is none. RFC 4291 2.2 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length > LONGEST) return undefined
  if (!text.includes(':')) return octetsOf(text)
  const [before, after, more] = text.split('::')
  if (before === undefined || more !== undefined) return undefined
  const head = bytesOf(before, after === undefined)
  const tail = after === undefined ? [] : bytesOf(after, true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 2 * WORDS - head.length - tail.length
  if (after === undefined ? missing !== 0 : missing < 2) return undefined
  const address = new Uint8Array(2 * WORDS)
  address.set(head)
  address.set(tail, 2 * WORDS - tail.length)
  return address
}

/** The bytes of one side of a `::`; only the last side may end in an IPv4 address. */
function bytesOf(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const ipv4 = last && text.includes('.') ? octetsOf(groups.pop() ?? '') : []
  if (ipv4 === undefined) return undefined
  const bytes: number[] = []
  for (const group of groups) {
    if (group.length < 1 || group.length > 4 || !areDigits(group, 16)) return undefined
    const word = Number.parseInt(group, 16)
    bytes.push(word >> 8, word & 255)
  }
  return [...bytes, ...ipv4]
}

/** The bytes of an IPv4 address, whose numbers have no leading zeros; undefined if the text is none. */
function octetsOf(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== OCTETS) return undefined
  const address = new Uint8Array(OCTETS)
  for (const [i, part] of parts.entries()) {
    if (part.length < 1 || part.length > 3 || !areDigits(part, 10) || Number(part) > 255) return undefined
    if (part.length > 1 && part.startsWith('0')) return undefined
    address[i] = Number(part)
  }
  return address
}

/** No expression, and `Uint8Array.from` nowhere here: to be ready for the first use they take 0.05 and 0.3 ms. */
function areDigits(text: string, base: 10 | 16): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    const letter = c | 32
    if (!isDigit(c) && !(base === 16 && letter >= 97 && letter <= 102)) return false
  }
  return true
}

/** The normal form of 4 or 16 bytes; of an IPv6 address that of RFC 5952, an IPv4-mapped one ending in dotted form. */
export function formatAddress(address: Uint8Array): string {
  if (address.length === OCTETS) return address.join('.')
  const words: number[] = []
  for (let i = 0; i < WORDS; i++) words.push(((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0))
  const [start, end] = longestZeros(words)
  if (start === 0 && end === 5 && words[5] === 0xffff) return `::ffff:${address.subarray(12).join('.')}`
  let text = ''
  for (let i = 0; i < WORDS; i++) {
    if (i > start && i < end) continue
    if (i === start) text += '::'
    else text += `${text === '' || i === end ? '' : ':'}${words[i]?.toString(16)}`
  }
  return text
}

/** Where the longest run of at least two zeros begins and ends, the first of several; -1 twice without one. */
function longestZeros(words: readonly number[]): readonly [start: number, end: number] {
  let longest: readonly [number, number] = [-1, -1]
  let start = 0
  for (let i = 0; i <= words.length; i++) {
    if (words[i] === 0) continue
    if (i - start > Math.max(1, longest[1] - longest[0])) longest = [start, i]
    start = i + 1
  }
  return longest
}

/** The normal form of an address; undefined if the text is none. */
export function normalAddress(text: string): string | undefined {
  const address = parseAddress(text)
  return address === undefined ? undefined : formatAddress(address)
}

/**
 * The address that a host's name is itself, in normal form: `192.0.2.1`, `[192.0.2.1]`, `[2001:db8::1]` or
 * `[IPv6:2001:db8::1]` (RFC 5321 4.1.3). Undefined for all others, which are to be looked up: `192.0.2.256` too.
 */
export function literalAddress(host: string): string | undefined {
  if (!host.startsWith('[')) return host.includes(':') ? undefined : normalAddress(host)
  if (!host.endsWith(']')) return undefined
  const inside = host.slice(1, -1)
  if (inside.slice(0, TAG.length).toLowerCase() !== TAG) return normalAddress(inside)
  return inside.includes(':', TAG.length) ? normalAddress(inside.slice(TAG.length)) : undefined
}

/** The name whose PTR records are the names of the host at this address; undefined if the text is no address. */
export function reverseName(ip: string): string | undefined {
  const address = parseAddress(ip)
  if (address === undefined) return undefined
  let name = ''
  for (const byte of address)
    name =
      address.length === OCTETS ? `${byte}.${name}` : `${(byte & 15).toString(16)}.${(byte >> 4).toString(16)}.${name}`
  // RFC 1035 3.5, RFC 3596 2.5
  return `${name}${address.length === OCTETS ? 'in-addr' : 'ip6'}.arpa`
}
