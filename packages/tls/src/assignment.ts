/** What the process that does TLS is told by whoever starts it: the words of its command line. Pure. */
import { wholeNumber } from '@moreqmail/unix/bytes'

/** Whose messages it writes: those of a chain program, of a server or of a client of many connections. */
export type Style = 'chain' | 'sslserver' | 'sslclient'

/** Client certificates of a server: not asked for, welcome, or demanded. */
export type ClientCertificate = 'none' | 'optional' | 'required'

/** How one connection is to be treated. */
export interface Assignment {
  readonly server: boolean
  /** The name of the program that its messages begin with. */
  readonly name: string
  readonly style: Style
  /** 0: no messages, 1: errors, 2: more, 3: all. */
  readonly verbosity: number
  /** Only loads what it needs, and says whether that is sound. */
  readonly check: boolean
  /** The variables of the session are told on the report descriptor. */
  readonly report: boolean
  /** Those about certificates too. */
  readonly details: boolean
  /** Milliseconds for the handshake; 0: no limit. */
  readonly handshake: number
  /** Seconds without a byte in either direction that end the session; 0: no limit. */
  readonly idle: number
  /** After the program's end of file nothing more is passed in. */
  readonly deaf: boolean
  /** An end of the stream without close_notify is an error. */
  readonly strict: boolean
  /** A key's password comes on a descriptor of its own. */
  readonly password: boolean
  /** User and group to drop to, if the environment names none. */
  readonly uid: number | undefined
  readonly gid: number | undefined

  /** Server: 0: one certificate; 1: also by the client's choice of a name; 2: only so. */
  readonly sni: number
  readonly clientCertificate: ClientCertificate
  /** Server: whom the client's certificate must be for. */
  readonly clientHost: string | undefined
  /** Server: the client's address and the program's pid, for messages. */
  readonly ip: string
  readonly pid: number

  /** Client: shows a certificate of its own. */
  readonly ownCertificate: boolean
  /** Client: the chain of the server's certificate must lead to an anchor. */
  readonly verify: boolean
  /** Client: the server's name that is sent. */
  readonly serverName: string | undefined
  /** Client: whom the server's certificate must be for. */
  readonly serverHost: string | undefined
}

/** Milliseconds, more than which is never waited: what poll takes. */
export const MAX_LIMIT = 0x7fffffff

/** What goes without saying. */
export const DEFAULTS: Assignment = {
  server: false,
  name: 'tls-io',
  style: 'chain',
  verbosity: 1,
  check: false,
  report: false,
  details: false,
  handshake: 0,
  idle: 0,
  deaf: false,
  strict: false,
  password: false,
  uid: undefined,
  gid: undefined,
  sni: 0,
  clientCertificate: 'none',
  clientHost: undefined,
  ip: '',
  pid: 0,
  ownCertificate: false,
  verify: true,
  serverName: undefined,
  serverHost: undefined,
}

/** The assignment as far as the environment lets it: CCAFILE can say that nobody is to be asked for a certificate. */
export function restricted(assignment: Assignment, entries: readonly string[]): Assignment {
  return entries.includes('CCAFILE=-') ? { ...assignment, clientCertificate: 'none' } : assignment
}

/** The words for an assignment: `name=value` for what differs from the defaults. */
export function assignmentWords(assignment: Assignment): readonly string[] {
  return Object.entries(assignment)
    .filter(([key, value]) => value !== DEFAULTS[key as keyof Assignment])
    .map(([key, value]) => `${key}=${value}`)
}

/** The assignment that these words say; undefined if they aren't such words. */
export function readAssignment(words: readonly string[]): Assignment | undefined {
  const read: Record<string, string | number | boolean> = {}
  for (const word of words) {
    const equals = word.indexOf('=')
    const key = word.slice(0, Math.max(0, equals))
    const value = Object.hasOwn(DEFAULTS, key) ? told(key as keyof Assignment, word.slice(equals + 1)) : undefined
    if (value === undefined) return undefined
    read[key] = value
  }
  return { ...DEFAULTS, ...read }
}

/** Numbers that are absent by default. */
const NUMBERS: ReadonlySet<keyof Assignment> = new Set(['uid', 'gid'] as const)

function told(key: keyof Assignment, text: string): string | number | boolean | undefined {
  if (typeof DEFAULTS[key] === 'boolean') return text === 'true'
  return typeof DEFAULTS[key] === 'number' || NUMBERS.has(key) ? wholeNumber(text) : text
}
