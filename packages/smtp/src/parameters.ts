/** What the parameters of MAIL and RCPT ask for, and which are wrong. */
import { bytes, lower } from '@moreqmail/unix/bytes'

export const SYNTAX_ERROR = '555 syntax error (#5.5.4)'
export const BAD_VALUE = '501 syntax error (#5.5.4)'
export const TOO_BIG = '552 sorry, that message size exceeds my databytes limit (#5.3.4)'

/** What the server has on offer. */
export interface Offer {
  /** The most bytes a message may have, 0: no limit. */
  readonly databytes: bigint
  readonly smtputf8: boolean
}

/** What a MAIL command has asked for. */
export interface MailParameters {
  readonly utf8: boolean
}

/** Reads the text behind the address of MAIL: what it asks for, or the reply that refuses it. */
export function mailParameters(rest: string, offer: Offer): MailParameters | string {
  const words = split(rest)
  if (words === undefined) return SYNTAX_ERROR
  const seen = new Set<string>()
  let tooBig = false
  for (const word of words) {
    const equals = word.indexOf('=')
    const keyword = lower(equals < 0 ? word : word.slice(0, equals))
    const value = equals < 0 ? undefined : word.slice(equals + 1)
    if (seen.has(keyword)) return SYNTAX_ERROR
    seen.add(keyword)
    switch (keyword) {
      case 'body': // RFC 6152 section 2
        if (value === undefined || !/^(7bit|8bitmime)$/i.test(value)) return BAD_VALUE
        break
      case 'size': // RFC 1870 section 5
        if (value === undefined || !/^[0-9]{1,20}$/.test(value)) return BAD_VALUE
        tooBig = offer.databytes > 0 && BigInt(value) > offer.databytes
        break
      case 'smtputf8': // RFC 6531 section 3.4
        if (!offer.smtputf8) return SYNTAX_ERROR
        if (value !== undefined) return BAD_VALUE
        break
      case 'auth': // RFC 4954 section 5
        if (value === undefined) return SYNTAX_ERROR
        break
      default:
        return SYNTAX_ERROR
    }
  }
  return tooBig ? TOO_BIG : { utf8: seen.has('smtputf8') }
}

/** The reply that refuses the text behind the address of RCPT, which takes no parameters; undefined if it is blank. */
export function rcptParameters(rest: string): string | undefined {
  return split(rest)?.length === 0 ? undefined : SYNTAX_ERROR
}

/** The words of the text, which must begin with a space unless it is empty. */
function split(rest: string): string[] | undefined {
  if (rest !== '' && !rest.startsWith(' ')) return undefined
  return rest.split(' ').filter((word) => word !== '')
}

/** True if the byte string is well-formed UTF-8. */
export function isUtf8(text: string): boolean {
  if (!/[\x80-\xff]/.test(text)) return true
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes(text))
    return true
  } catch {
    return false
  }
}
