/** What the options of a client ask for. Pure. */
import { wholeNumber } from '@moreqmail/unix/bytes'
import type { CommandLine, Option } from '@moreqmail/unix/getopt'
import { familyOf } from './address.ts'
import type { Verbosity } from './listen-options.ts'

/** The letters that all clients know, as getopt has them. */
export const CONNECT_LETTERS = 'qQvdDhHrR46T:t:i:p:l:'

/** Where to connect, and how. */
export interface ConnectSettings {
  readonly verbosity: Verbosity
  /** Seconds for each address in the first round, and in a second for those that took longer. */
  readonly rounds: readonly [number, number]
  /** Seconds for all of it; 0: no limit. */
  readonly total: number
  /** Our address and port; undefined: any. */
  readonly localIp: string | undefined
  readonly localPort: number
  /** Our name; undefined: to be looked up. */
  readonly localHost: string | undefined
  readonly lookUpHost: boolean
  /** Seconds for asking the other host who it is; undefined: don't. */
  readonly identTimeout: number | undefined
  readonly noDelay: boolean
  /** Only addresses of this family; undefined: both. */
  readonly family: 4 | 6 | undefined
  readonly host: string
  readonly port: string
  readonly prog: readonly string[]
}

const ROUNDS = [2, 58] as const
const IDENT_TIMEOUT = 26
const HIGHEST_PORT = 65535

/**
 * The settings; undefined for a bad number or address, or if host, port and prog are not all there. `s6`: -t limits the
 * connecting, as s6-tcpclient has it.
 */
export function connectSettings({ options, rest }: CommandLine, s6: boolean): ConnectSettings | undefined {
  const last = (letters: string): Option | undefined => options.findLast(({ letter }) => letters.includes(letter))
  const on = (yes: string, no: string, otherwise: boolean): boolean => {
    const letter = last(yes + no)?.letter
    return letter === undefined ? otherwise : letter === yes
  }
  const rounds = roundsOf(last('T')?.value)
  const limit = wholeNumber(last('t')?.value ?? '0')
  const localPort = wholeNumber(last('p')?.value ?? '0', HIGHEST_PORT)
  const localIp = last('i')?.value
  if (rounds === undefined || limit === undefined || localPort === undefined) return undefined
  if (localIp !== undefined && familyOf(localIp) === undefined) return undefined
  const [host, port, ...prog] = rest
  if (host === undefined || port === undefined || prog.length === 0) return undefined
  const family = last('46')?.letter
  const quiet = last('qQv')?.letter
  return {
    verbosity: quiet === 'q' ? 0 : quiet === 'v' ? 2 : 1,
    rounds,
    total: s6 ? limit : 0,
    localIp,
    localPort,
    localHost: last('l')?.value,
    lookUpHost: on('h', 'H', true),
    identTimeout: on('r', 'R', false) ? (s6 || last('t') === undefined ? IDENT_TIMEOUT : limit) : undefined,
    noDelay: on('D', 'd', true),
    family: family === undefined ? undefined : family === '4' ? 4 : 6,
    host,
    port,
    prog,
  }
}

/** `x+y`, or `x` for no second round. */
function roundsOf(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return ROUNDS
  const plus = text.indexOf('+')
  const first = wholeNumber(plus < 0 ? text : text.slice(0, plus))
  const second = plus < 0 ? 0 : wholeNumber(text.slice(plus + 1))
  return first === undefined || second === undefined ? undefined : [first, second]
}
