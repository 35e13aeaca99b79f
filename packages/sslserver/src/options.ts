/** What sslserver's options say about TLS. Pure. */
import { type Assignment, type ClientCertificate, DEFAULTS, MAX_LIMIT } from '@moreqmail/tls'
import type { ListenSettings } from '@moreqmail/ucspi'
import { wholeNumber } from '@moreqmail/unix/bytes'
import type { Option } from '@moreqmail/unix/getopt'

/** The letters beyond those of all listeners, as getopt has them. */
export const TLS_LETTERS = 'nNeEsSzmZ3T:w:aAy:'

export interface TlsSettings {
  /** What the process that does TLS is told, but for what depends on the connection. */
  readonly assignment: Assignment
  /** TLS begins when the program asks for it. */
  readonly delayed: boolean
  /** The variables of TCP are set. */
  readonly tcp: boolean
  /** The client's certificate must be for its host. */
  readonly matchHost: boolean
  /** A rules file for addresses, asked before anything is looked up. */
  readonly firstRules: string | undefined
}

const HANDSHAKE_SECONDS = 26
const IDLE_SECONDS = 3600
const NAMED = /^(?:CERT|KEY)FILE:.*=/s

/** The settings; undefined for a bad number. `entries` is the environment. */
export function tlsSettings(
  options: readonly Option[],
  { verbosity, uid, gid }: ListenSettings,
  name: string,
  entries: readonly string[],
): TlsSettings | undefined {
  const last = (letters: string): Option | undefined => options.findLast(({ letter }) => letters.includes(letter))
  const handshake = wholeNumber(last('T')?.value ?? String(HANDSHAKE_SECONDS))
  const idle = wholeNumber(last('w')?.value ?? String(IDLE_SECONDS))
  if (handshake === undefined || idle === undefined) return undefined
  const certificate = last('zmZ')?.letter
  const demanded: ClientCertificate = certificate === 'z' || certificate === 'm' ? 'required' : 'none'
  const common = entries.some((entry) => /^CERT(?:CHAIN)?FILE=./s.test(entry))
  const named = entries.some((entry) => NAMED.test(entry))
  return {
    assignment: {
      ...DEFAULTS,
      server: true,
      name,
      style: 'sslserver',
      verbosity,
      handshake: Math.min(handshake * 1000, MAX_LIMIT),
      idle,
      details: last('sS')?.letter === 's',
      password: last('3') !== undefined,
      uid,
      gid,
      sni: !named ? 0 : common ? 1 : 2,
      clientCertificate: demanded,
    },
    delayed: last('nN')?.letter === 'n',
    tcp: last('eE')?.letter !== 'E',
    matchHost: certificate === 'z',
    firstRules: last('y')?.value,
  }
}
