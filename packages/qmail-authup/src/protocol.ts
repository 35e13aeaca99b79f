/** What the two protocols have in common before a login: the session, and what can go wrong with it. Pure. */
import type { Level } from '@moreqmail/ucspi-tls'
import type { Credentials } from './credentials.ts'

export type Name = 'smtp' | 'pop3'

/** Everything that may go wrong: what the client is told, and the codes of it in SMTP (RFC 3463, RFC 4954 section 6). */
const FAULTS = {
  control: ['unable to read controls', 421, '4.3.0'],
  memory: ['out of memory', 451, '4.3.0'],
  alarm: ['timeout', 451, '4.4.2'],
  pipe: ['unable to open pipe', 454, '4.3.0'],
  read: ['unable to read pipe', 454, '4.3.0'],
  write: ['unable to write pipe', 454, '4.3.0'],
  fork: ['unable to fork', 454, '4.3.0'],
  wait: ['unable to wait for child', 454, '4.3.0'],
  crash: ['aack, child crashed', 454, '4.3.0'],
  refused: ['authorization failed', 535, '5.7.0'],
  temporary: ['temporary authentication failure', 454, '4.7.0'],
  mechanism: ['auth type unimplemented', 504, '5.5.1'],
  input: ['malformed auth input', 501, '5.5.4'],
  cancelled: ['auth exchange cancelled', 501, '5.0.0'],
  long: ['line too long', 500, '5.5.6'],
  tls: ['TLS temporarily not available', 454, '5.7.3'],
  needTls: ['Must start TLS first', 530, '5.7.0'],
} as const satisfies Readonly<Record<string, readonly [message: string, code: number, status: string]>>

export type Fault = keyof typeof FAULTS

/** The reply to the client, without its CR LF. */
export function faultReply(protocol: Name, fault: Fault): string {
  const [message, code, status] = FAULTS[fault]
  return protocol === 'smtp' ? `${code} authup ${message} (#${status})` : `-ERR authup ${message}`
}

/** What is fixed for a session. */
export interface Facts {
  /** This host's name to clients. */
  readonly greeting: string
  /** The POP3 greeting's timestamp, unique to this session. RFC 1939 section 7 */
  readonly timestamp: string
  /** What the program that serves the client after the login is able to do. */
  readonly capabilities: readonly string[]
  readonly tls: Level
  /** False if TLS can't be started although the level asks for it. */
  readonly tlsUsable: boolean
  /** Some clients know only `AUTH=`, which came before RFC 2554. */
  readonly brokenClients: boolean
}

/** What is to be done about a line: an answer, without its last CR LF; or to see whether a login is good. */
export type Step =
  | { readonly reply: string; readonly next?: 'end' | 'tls' }
  | { readonly fault: Fault }
  | { readonly login: Credentials }

/** A session before the login, in one of the protocols. */
export interface Dialogue {
  readonly protocol: Name
  readonly greeting: string
  /** The third field of what checkpassword reads. */
  readonly timestamp: string
  /** A line without its end (LF or CR LF); it may be overwritten afterwards. `long`: one that was thrown away. */
  readonly take: (line: Uint8Array | 'long') => Step
  /** TLS has begun: nothing said before counts. */
  readonly startOver: () => void
}
