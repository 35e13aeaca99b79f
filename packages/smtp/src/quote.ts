/** Envelope addresses as MAIL and RCPT name them, and those that can't be named. Pure. */

import { isUtf8 } from './parameters.ts'

/** What a local part may be made of without quotes. RFC 5321 4.1.2, Dot-string. */
const PLAIN = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+$/

/** The same for a server that knows SMTPUTF8. RFC 6531 3.3 */
const PLAIN_UTF8 = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\x80-\xff]+$/

/**
 * True if an address would break out of its command: a line break anywhere, or the `>` that ends a path where no
 * quotes protect it, that is in the domain or in an address without one.
 */
export function breaksOut(address: string): boolean {
  return /[\r\n]/.test(address) || address.includes('>', address.lastIndexOf('@') + 1)
}

/**
 * The address with its local part quoted if SMTP needs that; without an `@`, as it is. With SMTPUTF8, well-formed UTF-8
 * needs no quotes.
 */
export function quoteAddress(address: string, utf8 = false): string {
  const at = address.lastIndexOf('@')
  return at < 0 ? address : quoteLocalPart(address.slice(0, at), utf8) + address.slice(at)
}

/** The local part, as a quoted string unless it is a dot-string. RFC 5321 4.1.2 */
export function quoteLocalPart(local: string, utf8 = false): string {
  const plain = utf8 && isUtf8(local) ? PLAIN_UTF8 : PLAIN
  const dots = local.startsWith('.') || local.endsWith('.') || local.includes('..')
  return plain.test(local) && !dots ? local : `"${local.replace(/[\r\n"\\]/g, '\\$&')}"`
}
