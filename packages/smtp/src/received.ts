/** The Received line that a server puts before a message. */
import { lower } from '@moreqmail/unix/bytes'

/** The two ends of a connection, as the environment has them. */
export interface Ends {
  /** The client's name. */
  readonly host: string
  /** The client's address. */
  readonly ip: string
  /** Who the client is said to be, put before its address; undefined: not said. */
  readonly info: string | undefined
  /** Our own name. */
  readonly local: string
}

/** What else the line tells. */
export interface Transfer {
  /** The name from HELO or EHLO; undefined if there was none. */
  readonly helo: string | undefined
  /** The word behind `with`. */
  readonly protocol: string
  /** What is known of the TLS session: words such as its version and its cipher, empty ones left out. */
  readonly tls: readonly string[]
  /** As `26 Sep 1995 04:46:54 -0000`. */
  readonly date: string
}

/** The ends of the connection, read from the variables of tcp-environ(5). */
export function connectionEnds(env: (name: string) => string | undefined): Ends {
  return {
    host: env('TCPREMOTEHOST') ?? 'unknown',
    ip: env('TCPREMOTEIP') ?? env('TCP6REMOTEIP') ?? 'unknown',
    info: env('TCPREMOTEINFO'),
    local: env('TCPLOCALHOST') ?? env('TCPLOCALIP') ?? 'unknown',
  }
}

/** The line, folded into two, with its line feeds; bytes that could be taken for something else are `?`. */
export function receivedLine(ends: Ends, { helo, protocol, tls, date }: Transfer): string {
  const named = helo !== undefined && lower(helo) !== lower(ends.host)
  const info = ends.info === undefined ? '' : `${safe(ends.info)}@`
  const words = tls.filter((word) => word !== '').map((word) => word.replace(/[^A-Za-z0-9.@%+/=:[\]_-]/g, '?'))
  const encrypted = words.length > 0 ? ` (${words.join(' ')} encrypted)` : ''
  return (
    `Received: from ${safe(ends.host)}${named ? ` (HELO ${safe(helo)})` : ''} (${info}${safe(ends.ip)})\n` +
    `  by ${safe(ends.local)} with ${protocol}${encrypted}; ${date}\n`
  )
}

function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9.@%+/=:[\]-]/g, '?')
}
