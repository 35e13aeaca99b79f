/** Whether a message needs SMTPUTF8 (RFC 6531), and its addresses as the server gets them. Pure. */
import type { Talk } from './conversation.ts'
import { toAscii } from './idna.ts'
import { quoteAddress } from './quote.ts'

/** The sender and the recipients, ready to stand between `<` and `>`. */
export interface Spelling {
  readonly sender: string
  readonly recipients: readonly string[]
  /** True if MAIL has to say SMTPUTF8. */
  readonly utf8: boolean
}

/** How the server is to get the addresses; undefined if it would have to know SMTPUTF8 and doesn't. */
export function spellAddresses(talk: Talk): Spelling | undefined {
  const asIs = (utf8: boolean): Spelling => ({
    sender: quoteAddress(talk.sender, utf8),
    recipients: talk.recipients.map((recipient) => quoteAddress(recipient, utf8)),
    utf8,
  })
  if (!talk.smtputf8) return asIs(false)
  const addresses = [talk.sender, ...talk.recipients]
  const inHeader = talk.extended && receivedWithUtf8(talk.message.head())
  if (!inHeader && !addresses.some(isEightBit)) return asIs(false)
  if (talk.keywords.has('SMTPUTF8')) return asIs(true)
  if (inHeader) return undefined

  const [sender, ...recipients] = addresses.map(withAsciiDomain)
  if (sender === undefined || recipients.includes(undefined)) return undefined
  const quoted = recipients.map((recipient) => quoteAddress(recipient ?? '', false))
  return { sender: quoteAddress(sender, false), recipients: quoted, utf8: false }
}

function isEightBit(text: string): boolean {
  return /[\x80-\xff]/.test(text)
}

/** The address with A-labels; undefined if its local part is not ASCII, or its domain has none. */
function withAsciiDomain(address: string): string | undefined {
  if (!isEightBit(address)) return address
  const at = address.lastIndexOf('@')
  const domain = at < 0 || isEightBit(address.slice(0, at)) ? undefined : toAscii(address.slice(at + 1))
  return domain === undefined ? undefined : `${address.slice(0, at + 1)}${domain}`
}

/**
 * True if the topmost Received field of a header says that the message came by one of the protocols of RFC 6531 section
 * 4.3: in its clauses, not in a comment.
 */
export function receivedWithUtf8(header: string): boolean {
  if (!header.toLowerCase().includes('utf8smtp')) return false
  const lines = header.split('\n')
  const first = lines.findIndex((line) => /^received[ \t]*:/i.test(line))
  if (first < 0) return false
  const after = lines.findIndex((line, at) => at > first && !/^[ \t]/.test(line))
  const field = lines.slice(first, after < 0 ? undefined : after).join('\n')
  return /(?:^|\s)with\s+utf8smtps?a?(?:\s|$)/i.test(clauses(field.slice(field.indexOf(':') + 1)))
}

/** The text up to the first `;`, a blank in place of each comment and quoted string. */
function clauses(field: string): string {
  let out = ''
  let depth = 0
  let quoted = false
  for (let at = 0; at < field.length; at++) {
    const char = field.charAt(at)
    const outside = depth === 0 && !quoted
    if (char === '\\') at++
    else if (char === '"' && depth === 0) quoted = !quoted
    else if (char === '(' && !quoted) depth++
    else if (char === ')' && depth > 0) depth--
    else if (char === ';' && outside) break
    else if (outside) out += char
    if (outside && out.at(-1) !== char) out += ' '
  }
  return out
}
