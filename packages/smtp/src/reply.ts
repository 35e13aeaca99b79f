/** Replies of an SMTP server: where one ends, what its code is worth, how a report quotes it. Pure. */
import { bytes, CR, isDigit, latin1 } from '@moreqmail/unix/bytes'

/** One reply, however many lines. */
export interface Reply {
  /** 200-599; NONSENSE for a reply that breaks the rules. */
  readonly code: number
  /** All of its lines as received, LF after each, without CR. */
  readonly text: string
}

/** The code of a reply without a code, or with two: a refusal for now, whatever its digits say. */
export const NONSENSE = 400

/** A longer reply is no reply: it bounds memory. */
export const MAX_REPLY = 1048576

/** So much of a reply goes into a report. */
const MAX_QUOTED = 5000

const DASH = 45

/** True if the line in this range (its LF left out, any CR ignored) is the last of its reply. RFC 5321 4.2.1 */
export function endsReply(buffer: Uint8Array, from: number, to: number): boolean {
  let seen = 0
  for (let at = from; at < to; at++) {
    const byte = buffer[at]
    if (byte === CR) continue
    if (++seen === 4) return byte !== DASH
  }
  return true
}

/** A whole reply from its bytes, the last LF included. */
export function parseReply(buffer: Uint8Array, from = 0, to = buffer.length): Reply {
  const text = latin1(buffer, from, to).replaceAll('\r', '')
  const code = text.slice(0, 3)
  for (let line = 0; line < text.length; line = text.indexOf('\n', line) + 1) {
    if (!text.startsWith(code, line)) return { code: NONSENSE, text }
  }
  return { code: codeOf(code), text }
}

function codeOf(digits: string): number {
  for (let at = 0; at < 3; at++) if (!isDigit(digits.charCodeAt(at))) return NONSENSE
  const code = Number(digits)
  return code >= 200 && code <= 599 ? code : NONSENSE
}

/** True for 2xx. */
export function isSuccess(reply: Reply): boolean {
  return reply.code < 300
}

/** True for 5xx. */
export function isPermanent(reply: Reply): boolean {
  return reply.code >= 500
}

/** What a report says of a reply: at most 5000 bytes of it, NUL as `?`; '' if there is no text. */
export function quoteReply(reply: Reply): string {
  if (reply.text === '') return ''
  // Copied, so that a short quotation doesn't keep a reply of 1 MiB in memory.
  return `Remote host said: ${latin1(bytes(reply.text.slice(0, MAX_QUOTED))).replaceAll('\0', '?')}`
}
