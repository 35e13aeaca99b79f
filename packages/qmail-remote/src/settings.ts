/** What the control files tell qmail-remote. */
import {
  controlLine,
  controlList,
  controlNumber,
  EINVAL,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  type Errno,
  home,
  type List,
  sys,
  type Unreadable,
} from '@moreqmail/unix'
import type { Rules } from './route.ts'
import { smtpRoutes } from './smtproutes.ts'
import { plainAddress } from './target.ts'

export interface Settings {
  /** Our name in HELO and EHLO. */
  readonly helohost: string
  /** Seconds for each reply and each write, for a connection, for all of the DNS; 0: no limit. */
  readonly timeoutRemote: number
  readonly timeoutConnect: number
  readonly timeoutDns: number
  readonly smtproutes: Rules
  readonly authsenders: Rules
  /** The address to connect from; undefined: the system's choice. */
  readonly outgoingIp: string | undefined
  /** More addresses of our own. */
  readonly ipme: readonly string[]
  /** The line of control/ucspiclient; undefined: we connect ourselves. */
  readonly ucspiClient: string | undefined
  /** The line of control/tlsclient, or its default. */
  readonly tlsClient: string
  /** What certificates are verified with; '': nothing. */
  readonly trustAnchors: string
  readonly certificate: { readonly file: string; readonly key: string } | undefined
  /** 0, 1 or 2. */
  readonly strictness: number
  readonly ciphers: string
  readonly clearPasswords: boolean
  readonly smtputf8: boolean
}

/** Of more seconds, no program that gets them as milliseconds could be sure to know the number. */
const LONGEST_TIMEOUT = 2_147_483

/** A server's name may be longer than a file's, which can then not exist. */
const NO_SUCH_FILE: readonly Errno[] = [ENOENT, ENOTDIR, ENAMETOOLONG]

const TLS_CLIENT = 'tlsc -Sjv0 -K%m -6 6 -7 7 %y %n %k --'

/**
 * Reads them, in the order of qmail's own qmail-remote as far as that has them. `unusable` also if there is neither
 * control/me nor control/helohost; `badOutgoingIp` if that file holds no address.
 */
export function readSettings(unusable: Unreadable, badOutgoingIp: () => never): Settings {
  const me = controlLine('me', unusable)
  const seconds = (name: string, otherwise: number) =>
    Math.min(controlNumber(name, otherwise, unusable), LONGEST_TIMEOUT)
  const timeoutRemote = seconds('timeoutremote', 1200)
  const timeoutConnect = seconds('timeoutconnect', 60)
  const helohost = controlLine('helohost', unusable) || me || unusable(-ENOENT)
  const smtproutes = smtpRoutes(unusable)
  const line = (name: string): string => controlLine(name, unusable) ?? ''
  const list = (name: string): List | undefined => controlList(name, unusable)
  const authsenders = list('authsenders')
  const trustAnchors = line('trustanchors')
  const strictness = controlNumber('tlsstrictness', 0, unusable)
  return {
    helohost,
    timeoutRemote,
    timeoutConnect,
    timeoutDns: seconds('timeoutdns', 0),
    smtproutes,
    authsenders: (key) => authsenders?.value(key),
    outgoingIp: outgoingIp(line('outgoingip'), badOutgoingIp),
    ipme: entriesOf(list('ipme')).map((text) => plainAddress(text) ?? unusable(-EINVAL)),
    ucspiClient: entriesOf(list('ucspiclient'))[0],
    tlsClient: entriesOf(list('tlsclient'))[0] ?? TLS_CLIENT,
    trustAnchors,
    certificate: certificateOf(line('clientcert'), line('clientkey'), unusable),
    strictness: trustAnchors === '' ? 0 : Math.min(2, strictness),
    ciphers: entriesOf(list('tlsclientciphers')).join(':'),
    clearPasswords: controlNumber('authclear', 0, unusable) !== 0,
    smtputf8: controlNumber('smtputf8', 1, unusable) !== 0,
  }
}

/** True if there is such a file; `unusable` if that can't be found out. */
export function fileExists(path: string, unusable: Unreadable): boolean {
  const errno = sys.stat(path, 1, new Float64Array(9))
  if (errno < 0 && !NO_SUCH_FILE.includes(-errno)) unusable(errno)
  return errno >= 0
}

/** The path of a file below the home, whatever the working directory of who reads it. */
export function fullPath(path: string): string {
  return `${home()}/${path}`
}

function entriesOf(list: List | undefined): readonly string[] {
  return list?.entries() ?? []
}

function outgoingIp(text: string, bad: () => never): string | undefined {
  if (text === '') return undefined
  const ip = plainAddress(text) ?? bad()
  return ip === '0.0.0.0' || ip === '::' ? undefined : ip
}

function certificateOf(file: string, key: string, unusable: Unreadable): Settings['certificate'] {
  if (file !== '' && key !== '') return { file, key }
  const both = 'control/clientcert.pem'
  return fileExists(both, unusable) ? { file: fullPath(both), key: fullPath(both) } : undefined
}
