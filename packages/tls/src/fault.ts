/** How the process that does TLS ends, and what it says then. Pure. */
import type { Assignment } from './assignment.ts'

/** All was right. */
export const DONE = 0
/** A file, a key, a list. */
export const CONFIGURATION = 96
export const HANDSHAKE = 97
/** Something in the stream, after the handshake. */
export const STREAM = 98
/** The command line, or a variable missing. */
export const MISUSED = 100
export const SYSTEM = 111

/** Why it ends: the exit code, and the text for it. */
export interface Fault {
  readonly code: number
  readonly text: string
}

/** What went wrong before the session was up: `peer` is about the other side's certificate, `name` about whom it is for. */
export type Obstacle = 'handshake' | 'peer' | 'name'

const TIMED_OUT = 'timed out'

/** The fault of a handshake that did not come to its end. `name`: the reason is whom the certificate isn't for. */
export function handshakeFault({ style, server }: Assignment, obstacle: Obstacle, reason: string): Fault {
  const whom = server ? 'client' : 'server'
  const mismatch = `${whom} name does not match certificate: ${reason}`
  if (style === 'sslclient') {
    const texts = {
      handshake: `unable to TLS connect: ${reason}`,
      peer: `unable to verify server certificate: ${reason}`,
      name: mismatch,
    }
    return { code: HANDSHAKE, text: texts[obstacle] }
  }
  const text = obstacle === 'name' ? mismatch : reason
  if (style === 'sslserver') return { code: HANDSHAKE, text }
  return { code: HANDSHAKE, text: reason === TIMED_OUT ? 'handshake timed out' : `unable to handshake: ${text}` }
}

/** The handshake took too long. */
export function timeoutFault(assignment: Assignment): Fault {
  return handshakeFault(assignment, 'handshake', TIMED_OUT)
}

/** The line to be written for a fault: a server says whose connection it is about, as long as there is no session. */
export function faultLine({ name, style, check, ip, pid }: Assignment, { code, text }: Fault): string {
  const dropped = style === 'sslserver' && !check && code !== STREAM
  const line = dropped
    ? `warning: dropping connection, unable to accept TLS from: ${ip} for pid: ${pid} ${text}`
    : `fatal: ${text}`
  return `${name}: ${line.replace(/[^ -~]/g, '?')}`
}

/** The line about a session that has begun; undefined if there is none to write. */
export function begunLine(
  { name, style, verbosity, pid }: Assignment,
  protocol: string,
  cipher: string,
): string | undefined {
  if (verbosity < 2 || style === 'chain') return undefined
  const event = style === 'sslserver' ? `tls ${pid} accept` : 'tls connect'
  return `${name}: ${event}${verbosity > 2 ? ` ${protocol} ${cipher}` : ''}`
}

/** What the engine says about an error, as words: `ERR_SSL_WRONG_VERSION_NUMBER` is `wrong version number`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { reason, code } = error as Error & { readonly reason?: unknown; readonly code?: unknown }
  if (typeof reason === 'string' && reason !== '') return reason.toLowerCase().replaceAll('_', ' ')
  return code === 'ECONNRESET' ? 'connection closed' : error.message
}
