/** How a program that connects, or does TLS, is run: its words and its environment. Pure. */
import type { Credentials } from '@moreqmail/smtp/client'

/** What the marks in a line of control/ucspiclient or control/tlsclient stand for. */
export interface Marks {
  readonly ip: string
  readonly port: number
  /** The server's name, or its address. */
  readonly name: string
  /** Seconds for the connection; 0: no limit. */
  readonly timeout: number
  /** '': those that the program prefers. */
  readonly ciphers: string
  /** The address to connect from; undefined: the system's choice. */
  readonly from: string | undefined
  /** True if the server has to prove its name. */
  readonly verified: boolean
  /** True if we have a certificate of our own. */
  readonly certified: boolean
}

/** Splits the line at blanks and puts in what its marks stand for. There is no quoting. */
export function clientWords(line: string, marks: Marks): string[] {
  const { from, name, verified, certified } = marks
  const optional: Readonly<Record<string, string | undefined>> = {
    '%o': from === undefined ? undefined : `-i${from}`,
    '%k': verified ? `-k${name}` : undefined,
    '%y': certified ? '-y' : undefined,
    '%n': verified ? undefined : '--no-verify-cert',
    '%X': verified ? undefined : '-X',
  }
  const inWord: Readonly<Record<string, string>> = {
    '%i': marks.ip,
    '%p': String(marks.port),
    '%t': String(marks.timeout),
    '%m': String(marks.timeout * 1000),
    '%h': name,
    '%c': marks.ciphers || 'DEFAULT',
    '%%': '%',
  }
  return line
    .split(/[ \t]+/)
    .filter((word) => word !== '')
    .flatMap((word) =>
      Object.hasOwn(optional, word) ? (optional[word] ?? []) : word.replace(/%./gs, (mark) => inWord[mark] ?? mark),
    )
}

/** What such a program, and the one it runs, have to know. */
export interface Wishes {
  readonly name: string
  readonly port: number
  /** `must` and `no` overrule the control files. */
  readonly tls: 'must' | 'no' | undefined
  readonly credentials: Credentials | undefined
  /** What certificates are verified with: a file, or a directory if it ends in a slash; '': nothing. */
  readonly anchors: string
  /** Our own certificate and its key. */
  readonly certificate: { readonly file: string; readonly key: string } | undefined
  readonly ciphers: string
}

/** On this port TLS comes before everything else. RFC 8314 3.3 */
export const SUBMISSIONS = 465

/** The variables to be set, and to be removed where the value is undefined; all others stay as they are. */
export function clientVariables(wishes: Wishes): Readonly<Record<string, string | undefined>> {
  const { anchors, certificate, credentials, ciphers } = wishes
  const directory = anchors.endsWith('/')
  return {
    SSLCTLFD: undefined,
    SSLREADFD: undefined,
    SSLWRITEFD: undefined,
    SMTPC_EHLO: undefined,
    SMTPC_MX: wishes.name,
    SMTPC_TLS: wishes.tls,
    SMTPC_SMTPS: wishes.port === SUBMISSIONS ? '1' : undefined,
    SMTPC_USER: credentials?.user,
    SMTPC_PASS: credentials?.password,
    ...(anchors === ''
      ? {}
      : { CADIR: directory ? anchors.slice(0, -1) : undefined, CAFILE: directory ? undefined : anchors }),
    ...(certificate === undefined ? {} : { CERTFILE: certificate.file, KEYFILE: certificate.key }),
    ...(ciphers === '' ? {} : { CIPHERS: ciphers }),
  }
}
