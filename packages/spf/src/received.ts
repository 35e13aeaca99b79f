/** What is written of a check in the header of the message. RFC 7208 9.1. Pure. */
import { formatAddress } from '@moreqmail/dns/address'
import type { Result } from './check.ts'
import type { Client } from './client.ts'
import { identityOf } from './identity.ts'

/** ATEXT of RFC 5322 3.2.3 between dots, and the same once more after an @. */
const WORDS = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/

/** Foreign text in a line: bytes outside 32 to 126 as `?`. */
export function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?')
}

/** The field, without a line feed; `remark` ends its comment. */
export function receivedSpf(client: Client, result: Result, remark = ''): string {
  const { sender, helo, receiver } = client
  const ip = formatAddress(client.ip)
  const comment = `${commented(receiver)}: ${COMMENTS[result](ip, commented(identityOf(sender, helo).domain))}${remark}`
  const from = value(sender === '' ? `postmaster@${helo}` : sender)
  return `Received-SPF: ${result} (${comment}) client-ip=${ip}; envelope-from=${from}; helo=${value(helo)};`
}

const COMMENTS: Readonly<Record<Result, (ip: string, domain: string) => string>> = {
  pass: (ip, domain) => `domain of ${domain} designates ${ip} as permitted sender`,
  fail: (ip, domain) => `domain of ${domain} does not designate ${ip} as permitted sender`,
  softfail: (ip, domain) => `transitioning domain of ${domain} does not designate ${ip} as permitted sender`,
  neutral: (ip, domain) => `${ip} is neither permitted nor denied by domain of ${domain}`,
  none: (_, domain) => `domain of ${domain} does not provide an SPF record`,
  permerror: (_, domain) => `error in processing during lookup of ${domain}`,
  temperror: (_, domain) => `error in processing during lookup of ${domain}`,
}

/** Foreign text in a comment: as it is, unless that would end the comment elsewhere. RFC 5322 3.2.2 */
function commented(text: string): string {
  const shown = printable(text)
  return nests(shown) ? shown : shown.replace(/[()\\]/g, '\\$&')
}

/** True if each parenthesis in the text has its counterpart there, and nothing is left to be quoted. */
function nests(text: string): boolean {
  let depth = 0
  for (const [part] of text.matchAll(/\\.?|[()]/g)) {
    if (part === '(') depth++
    else if (part === '\\' || (part === ')' && --depth < 0)) return false
  }
  return depth === 0
}

/** As it is if it is one word, or two with an @ between them; else a quoted string. */
function value(text: string): string {
  const shown = printable(text)
  const parts = shown.split('@')
  if (parts.length <= 2 && parts.every((part) => WORDS.test(part))) return shown
  return `"${shown.replace(/["\\]/g, '\\$&')}"`
}
