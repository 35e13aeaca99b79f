/** Which servers to ask. Pure. */
import { CR, LF, SPACE, TAB, wholeNumber } from '@moreqmail/unix/bytes'
import { parseAddress } from './address.ts'

export interface Server {
  /** A literal; an IPv6 one with `%interface` if it needs it. */
  readonly ip: string
  readonly port: number
}

const DNS_PORT = 53
const NAMESERVER = 'nameserver'
/** How many of DNSCACHEIP are used. */
const MOST_OF_ENV = 16
/** How many of resolv.conf are used, as by every C library. */
const MOST_OF_FILE = 3
const LOOPBACK: Server = { ip: '127.0.0.1', port: DNS_PORT }

/**
 * The servers in a value of DNSCACHEIP, blanks between them, each `ip`, `ip:port` or `[ip]:port`; if it has none, those
 * of the text of a resolv.conf; if that has none, the one of this host. What is no server is passed over.
 */
export function serversFrom(dnscacheip: string | undefined, resolvConf: () => string): readonly Server[] {
  const named = servers(words(dnscacheip ?? ''), serverOf)
  if (named.length > 0) return named.slice(0, MOST_OF_ENV)
  const listed = servers(resolvConf().split('\n'), serverOfLine)
  return listed.length > 0 ? listed.slice(0, MOST_OF_FILE) : [LOOPBACK]
}

function servers(texts: readonly string[], read: (text: string) => Server | undefined): Server[] {
  const found: Server[] = []
  for (const text of texts) {
    const server = read(text)
    if (server !== undefined) found.push(server)
  }
  return found
}

function serverOfLine(line: string): Server | undefined {
  if (!line.startsWith(NAMESERVER) || !isBlank(line.charCodeAt(NAMESERVER.length))) return undefined
  return serverAt(words(line)[1] ?? '', DNS_PORT)
}

/** The parts of the text between blanks. */
function words(text: string): string[] {
  const found: string[] = []
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && !isBlank(text.charCodeAt(i))) continue
    if (i > start) found.push(text.slice(start, i))
    start = i + 1
  }
  return found
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR || byte === LF
}

/** `ip`, `ip:port` (IPv4 only), `[ip]` or `[ip]:port` */
function serverOf(text: string): Server | undefined {
  const bracketed = text.startsWith('[')
  const end = text.indexOf(bracketed ? ']' : ':')
  const ip = text.slice(bracketed ? 1 : 0, end)
  const rest = bracketed ? text.slice(end + 1) : text.slice(end)
  if (end < 0 || (!bracketed && rest.includes(':', 1))) return bracketed ? undefined : serverAt(text, DNS_PORT)
  if (rest === '') return serverAt(ip, DNS_PORT)
  const port = rest.startsWith(':') ? wholeNumber(rest.slice(1), 65535) : undefined
  return port === undefined || port === 0 ? undefined : serverAt(ip, port)
}

function serverAt(text: string, port: number): Server | undefined {
  const percent = text.indexOf('%')
  const length = parseAddress(percent < 0 ? text : text.slice(0, percent))?.length
  const scoped = percent >= 0 && percent < text.length - 1
  return length === undefined || (percent >= 0 && (length === 4 || !scoped)) ? undefined : { ip: text, port }
}
