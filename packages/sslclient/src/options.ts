/** What sslclient's options say about TLS. Pure. */
import { type Assignment, DEFAULTS, MAX_LIMIT } from '@moreqmail/tls'
import type { ConnectSettings } from '@moreqmail/ucspi'
import { wholeNumber } from '@moreqmail/unix/bytes'
import type { Option } from '@moreqmail/unix/getopt'

/** The letters beyond those of all clients, as getopt has them. */
export const TLS_LETTERS = 'a:A:xXnNmMc:k:3K:z:C:V:eEsSw:yYjJ'

/** Where the key's password comes from: a file, or descriptor 3. */
export type PasswordSource = { readonly file: string } | 'descriptor' | undefined

export interface TlsSettings {
  readonly assignment: Assignment
  /** Variables for the process that does TLS; undefined: removed. */
  readonly variables: ReadonlyArray<readonly [name: string, value: string | undefined]>
  readonly password: PasswordSource
  /** TLS begins when the program asks for it. */
  readonly delayed: boolean
  /** The variables of TCP are set. */
  readonly tcp: boolean
}

const IDLE_SECONDS = 3600

/**
 * The settings; undefined for a bad number. `isLiteral` knows an address from a name; `env` has the values of variables;
 * `bundle` is the system's file of trust anchors, if there is one.
 */
export function tlsSettings(
  options: readonly Option[],
  { host, rounds, verbosity }: ConnectSettings,
  name: string,
  isLiteral: (host: string) => boolean,
  env: (name: string) => string | undefined,
  bundle: string | undefined,
): TlsSettings | undefined {
  const last = (letters: string): Option | undefined => options.findLast(({ letter }) => letters.includes(letter))
  const on = (yes: string, no: string, otherwise: boolean): boolean => {
    const letter = last(yes + no)?.letter
    return letter === undefined ? otherwise : letter === yes
  }
  const idle = wholeNumber(last('w')?.value ?? String(IDLE_SECONDS))
  // How long a chain may be is the engine's affair.
  const depth = wholeNumber(last('V')?.value ?? '0')
  if (idle === undefined || depth === undefined) return undefined

  const verify = on('x', 'X', true)
  const bare = host === '' || host === '0' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1')
  const certificate = last('c')?.value
  const ciphers = last('zC')?.value
  const password = last('3K')
  const variables: Array<readonly [string, string | undefined]> = [
    ['CERTFILE', certificate],
    ['KEYFILE', last('k')?.value],
    ['CERTCHAINFILE', undefined],
  ]
  if (ciphers !== undefined) variables.push(['CIPHERS', ciphers])
  if (last('aA') !== undefined) variables.push(['CAFILE', last('a')?.value], ['CADIR', last('A')?.value])
  else if (!env('CAFILE') && !env('CADIR')) variables.push(['CAFILE', bundle])
  return {
    assignment: {
      ...DEFAULTS,
      name,
      style: 'sslclient',
      verbosity,
      handshake: Math.min((rounds[0] + rounds[1]) * 1000, MAX_LIMIT),
      idle,
      details: on('s', 'S', false),
      password: password !== undefined,
      ownCertificate: certificate !== undefined,
      verify,
      serverName: on('m', 'M', true) && !isLiteral(bare) ? bare : undefined,
      serverHost: verify && on('n', 'N', true) ? bare : undefined,
    },
    variables,
    password: password === undefined ? undefined : password.letter === '3' ? 'descriptor' : { file: password.value },
    delayed: on('y', 'Y', false),
    tcp: on('e', 'E', true),
  }
}
