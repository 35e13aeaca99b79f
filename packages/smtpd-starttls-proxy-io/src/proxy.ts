/** What becomes of a line between an SMTP client and a server without STARTTLS. Pure. */
import { lower } from '@moreqmail/unix/bytes'
import { entryOf } from '@moreqmail/unix/table'

/** What a client's line leads to. */
export type Act =
  /** The server decides; `hello`: its answer gets a line more. */
  | 'forward'
  | 'hello'
  /** The client goes on without TLS: nothing is looked at any more. */
  | 'give up'
  | 'start tls'
  /** This is the reply, without its CR LF. */
  | { readonly reply: string }

const OK = '250 ok'
const MAIL_FIRST = '503 MAIL first (#5.5.1)'
const UNKNOWN = '500 unrecognized (#5.5.1)'
const NO_PARAMETERS = '501 Syntax error (no parameters allowed) (#5.5.4)'
const NOT_ALONE = '503 nothing may follow STARTTLS (#5.5.1)'
export const NOT_RESET = '454 TLS not available, the server could not be reset (#4.7.0)'
export const READY = '220 Ready to start TLS (#5.7.0)'

const STARTTLS = 'STARTTLS'

const ACTS: Readonly<Record<string, Act>> = {
  ehlo: 'hello',
  expn: 'forward',
  help: 'forward',
  quit: 'forward',
  rset: 'forward',
  vrfy: 'forward',
  helo: 'give up',
  mail: 'give up',
  noop: { reply: OK },
  rcpt: { reply: MAIL_FIRST },
  data: { reply: MAIL_FIRST },
}

/** What to do with a client's line, which comes with its LF; `alone`: nothing has come behind it. */
export function actOn(line: string, alone: boolean): Act {
  const [, verb = '', argument] = /^([^ \r\n]*)( [^\r\n]*)?/.exec(line) ?? []
  const name = lower(verb)
  if (name === lower(STARTTLS)) {
    if (argument !== undefined && argument.trim() !== '') return { reply: NO_PARAMETERS }
    // RFC 3207 section 6: what came in the clear must not be taken for part of the session under TLS.
    return alone ? 'start tls' : { reply: NOT_ALONE }
  }
  return entryOf(ACTS, name) ?? { reply: UNKNOWN }
}

/** What a line of a server's reply is. */
export interface ReplyLine {
  /** Its first digit. */
  readonly kind: string
  readonly last: boolean
}

/** Takes apart a line of a reply; undefined if the server doesn't speak SMTP. */
export function replyLine(line: string): ReplyLine | undefined {
  const [, kind, separator] = /^([1-5])[0-9][0-9]([ \r\n-])/.exec(line) ?? []
  return kind === undefined ? undefined : { kind, last: separator !== '-' }
}

/** A server's reply to EHLO with STARTTLS in it; its lines come with their ends. A refusal stays as it is. */
export function offerStartTls(lines: readonly string[]): readonly string[] {
  const last = lines.at(-1) ?? ''
  const offered = lines.some((line) => lower(line.slice(4).trim()) === lower(STARTTLS))
  if (offered || replyLine(last)?.kind !== '2') return lines
  const code = last.slice(0, 3)
  // The first line is the server's name, whatever else it is.
  if (lines.length === 1) return [`${code}-${last.slice(3).replace(/^ /, '')}`, `${code} ${STARTTLS}\r\n`]
  return [...lines.slice(0, -1), `${code}-${STARTTLS}\r\n`, last]
}
