/** What the options of a chain program ask for. Pure. */
import { wholeNumber } from '@moreqmail/unix/bytes'
import { getopt, type Misuse, type Option } from '@moreqmail/unix/getopt'
import { type Assignment, DEFAULTS } from './assignment.ts'

export interface ChainSettings {
  /** What the process that does TLS is told, but for what depends on the run. */
  readonly assignment: Assignment
  /** The program keeps the variables that set up TLS. */
  readonly keep: boolean
  /** Where the connection is. */
  readonly netIn: number
  readonly netOut: number
  readonly prog: readonly string[]
}

/** A text that says what is wrong with an option's argument. */
export interface BadNumber {
  readonly complaint: string
  readonly quiet: boolean
}

const HANDSHAKE_MS = 60_000
const CLIENT_IN = 6
const CLIENT_OUT = 7
const LEAST_FD = 3

/** Letters for options that have only a long name. */
const VERIFY = '\x01'
const NO_VERIFY = '\x02'
const SNI = '\x03'
const ONLY_SNI = '\x04'

const BOTH: Readonly<Record<string, string>> = {
  'close-notify': 'S',
  'no-close-notify': 's',
  'enforce-close-notify': 'J',
  'no-enforce-close-notify': 'j',
  keep: 'Z',
  'no-keep': 'z',
  verbosity: 'v',
  'handshake-timeout': 'K',
}
const SERVER: Readonly<Record<string, string>> = {
  ...BOTH,
  'client-cert': 'Y',
  'mandatory-client-cert': 'y',
  sni: SNI,
  'mandatory-sni': ONLY_SNI,
  'sni-level': 'k',
}
const CLIENT: Readonly<Record<string, string>> = {
  ...BOTH,
  'no-client-cert': 'Y',
  'client-cert': 'y',
  'verify-cert': VERIFY,
  'no-verify-cert': NO_VERIFY,
  servername: 'k',
  'read-fd': '6',
  'write-fd': '7',
}

/**
 * The settings in the words of a chain program of this name, or what is wrong with them. `isLiteral` knows an address
 * from a name.
 */
export function chainSettings(
  words: readonly string[],
  server: boolean,
  name: string,
  isLiteral: (host: string) => boolean,
): ChainSettings | Misuse | BadNumber {
  const letters = `SsJjYyZzv:K:k:${server ? SNI + ONLY_SNI : `6:7:${VERIFY}${NO_VERIFY}`}`
  const line = getopt(words, letters, server ? SERVER : CLIENT)
  if ('fault' in line) return line
  const last = (letters: string): Option | undefined => line.options.findLast(({ letter }) => letters.includes(letter))

  const numbers = { v: 1, K: HANDSHAKE_MS, k: 0, 6: CLIENT_IN, 7: CLIENT_OUT }
  for (const [letter, what] of Object.entries(server ? SERVER_NUMBERS : CLIENT_NUMBERS)) {
    const option = last(letter)
    const number = option === undefined ? undefined : wholeNumber(option.value)
    if (option !== undefined && (number === undefined || (letter < ':' && number < LEAST_FD)))
      return {
        complaint: `${what} must be an unsigned integer${letter < ':' ? FROM_THREE : ''}`,
        quiet: last('v')?.value === '0',
      }
    if (number !== undefined) numbers[letter as keyof typeof numbers] = number
  }
  if (!server && numbers[6] === numbers[7])
    return { complaint: `read-fd must be an unsigned integer${FROM_THREE}`, quiet: numbers.v === 0 }

  const certificate = last('Yy')?.letter
  const common = {
    ...DEFAULTS,
    server,
    name,
    verbosity: numbers.v,
    handshake: numbers.K,
    deaf: last('Ss')?.letter === 'S',
    strict: last('Jj')?.letter === 'J',
  }
  const host = last('k')?.value
  const verify = last(VERIFY + NO_VERIFY)?.letter !== NO_VERIFY
  const assignment: Assignment = server
    ? {
        ...common,
        sni: sniLevel(last(`k${SNI}${ONLY_SNI}`), numbers.k),
        clientCertificate: certificate === undefined ? 'none' : certificate === 'y' ? 'required' : 'optional',
      }
    : {
        ...common,
        ownCertificate: certificate === 'y',
        verify,
        serverName: host === undefined || isLiteral(host) ? undefined : host,
        serverHost: verify ? host : undefined,
      }
  return {
    assignment,
    keep: last('Zz')?.letter === 'Z',
    netIn: server ? 0 : numbers[6],
    netOut: server ? 1 : numbers[7],
    prog: line.rest,
  }
}

const FROM_THREE = ' (3 or more)'
const SERVER_NUMBERS = { v: 'verbosity', K: 'handshake-timeout', k: 'sni-level' }
const CLIENT_NUMBERS = { v: 'verbosity', K: 'handshake-timeout', 6: 'read-fd', 7: 'write-fd' }

function sniLevel(option: Option | undefined, level: number): number {
  if (option?.letter === SNI) return 1
  return option?.letter === ONLY_SNI ? 2 : Math.min(2, level)
}
