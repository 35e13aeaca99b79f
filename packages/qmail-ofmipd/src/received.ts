/** The Received line before a submitted message. Pure. */
import { type Ends, receivedLine } from '@moreqmail/smtp/server'

/** What is known of an authenticated client's session. */
export interface Login {
  readonly user: string
  /** From HELO or EHLO; undefined if there was none. */
  readonly helo: string | undefined
  /** The message was sent with SMTPUTF8. */
  readonly utf8: boolean
  /** What is known of TLS; all empty: there is none. */
  readonly tls: readonly string[]
}

/** The line for a client that is trusted for where it comes from. */
export function trustedLine({ info, ip }: Ends, date: string): string {
  return `Received: (ofmipd ${info === undefined ? '' : `${safe(info)}@`}${safe(ip)}); ${date}\n`
}

/** The line for a client that has logged in; the protocol's name is that of RFC 3848 and RFC 6531 section 4.3. */
export function loginLine(ends: Ends, { user, helo, utf8, tls }: Login, date: string): string {
  const secure = tls.some((word) => word !== '')
  const protocol = `${utf8 ? 'UTF8SMTP' : 'ESMTP'}${secure ? 'S' : ''}A`
  return receivedLine({ ...ends, info: user }, { helo, protocol, tls, date })
}

function safe(text: string): string {
  return text.replace(/[^!-~]|[()@\\]/g, '?')
}
