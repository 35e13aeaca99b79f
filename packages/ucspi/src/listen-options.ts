/** What the options of a listener ask for. Pure. */
import { wholeNumber } from '@moreqmail/unix/bytes'
import type { CommandLine, Option } from '@moreqmail/unix/getopt'

/** The letters that all listeners know, as getopt has them. */
export const LISTEN_LETTERS = 'qQvVc:C:b:x:XB:u:g:U1l:hHpPrRt:oOdD46I:'

/** How much is printed: nothing, errors, status, more about TLS. */
export type Verbosity = 0 | 1 | 2 | 3

/** How to listen, and what to do with each connection. */
export interface ListenSettings {
  readonly verbosity: Verbosity
  /** Connections at once. */
  readonly limit: number
  /** Connections at once of one client; undefined: no limit. */
  readonly clientLimit: number | undefined
  readonly backlog: number
  /** The rules file; undefined: none. */
  readonly rules: string | undefined
  /** A missing rules file allows all. */
  readonly rulesOptional: boolean
  readonly banner: string
  /** Undefined: no change. */
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly printPort: boolean
  /** Our name; undefined: to be looked up. */
  readonly localHost: string | undefined
  readonly lookUpHost: boolean
  /** The client's name must lead back to its address. */
  readonly paranoid: boolean
  /** Seconds for asking the client's host who it is; undefined: don't. */
  readonly identTimeout: number | undefined
  readonly keepSourceRoute: boolean
  readonly noDelay: boolean
  /** For the name of the host to listen at: IPv4 only, IPv6 first, or as it comes. */
  readonly family: 4 | 6 | undefined
  /** The interface of a link-local address. */
  readonly scope: string | undefined
  readonly host: string
  readonly port: string
  readonly prog: readonly string[]
}

const DEFAULT_LIMIT = 40
const DEFAULT_BACKLOG = 20
const IDENT_TIMEOUT = 26

/** The settings; undefined for a bad number, or if host, port and prog are not all there. */
export function listenSettings(
  { options, rest }: CommandLine,
  noDelay: boolean,
  env: (name: string) => string | undefined,
): ListenSettings | undefined {
  const last = (letters: string): Option | undefined => options.findLast(({ letter }) => letters.includes(letter))
  const on = (yes: string, no: string, otherwise: boolean): boolean => {
    const letter = last(yes + no)?.letter
    return letter === undefined ? otherwise : letter === yes
  }
  const numbers = options.filter(({ letter }) => 'cCbugt'.includes(letter)).map(({ value }) => value)
  const ids = last('U') !== undefined ? [env('UID'), env('GID')] : []
  if ([...numbers, ...ids, env('MAXCONIP')].some((text) => text !== undefined && wholeNumber(text) === undefined))
    return undefined
  const number = (letter: string, otherwise?: string) => {
    const text = last(letter)?.value ?? otherwise
    return text === undefined ? undefined : wholeNumber(text)
  }
  // -U after -u takes the place of it, and the other way round.
  const id = (letter: string, name: string) => {
    const option = last(`${letter}U`)
    const text = option?.letter === 'U' ? env(name) : option?.value
    return text === undefined ? undefined : wholeNumber(text) || undefined
  }
  const [host, port, ...prog] = rest
  if (host === undefined || port === undefined || prog.length === 0) return undefined
  return {
    verbosity: verbosityOf(last('qQvV')?.letter),
    limit: number('c') ?? DEFAULT_LIMIT,
    clientLimit: number('C', env('MAXCONIP')),
    backlog: number('b') ?? DEFAULT_BACKLOG,
    rules: last('x')?.value,
    rulesOptional: last('X') !== undefined,
    banner: last('B')?.value ?? '',
    uid: id('u', 'UID'),
    gid: id('g', 'GID'),
    printPort: last('1') !== undefined,
    localHost: last('l')?.value,
    lookUpHost: on('h', 'H', true),
    paranoid: on('p', 'P', false),
    identTimeout: on('r', 'R', false) ? (number('t') ?? IDENT_TIMEOUT) : undefined,
    keepSourceRoute: on('o', 'O', false),
    noDelay: on('D', 'd', noDelay),
    family: last('46')?.letter === '4' ? 4 : last('46')?.letter === '6' ? 6 : undefined,
    scope: last('I')?.value,
    host,
    port,
    prog,
  }
}

function verbosityOf(letter: string | undefined): Verbosity {
  switch (letter) {
    case 'q':
      return 0
    case 'v':
      return 2
    case 'V':
      return 3
    default:
      return 1
  }
}
