/** What the control files and the environment tell qmail-smtpc. */
import { type Credentials, type TlsPolicy, tlsPolicy } from '@moreqmail/smtp/client'
import {
  controlLine,
  controlNumber,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  type Errno,
  env,
  sys,
  type Unreadable,
} from '@moreqmail/unix'

/** A server's name may be longer than a file's, which can then not exist. */
const NO_SUCH_FILE: readonly Errno[] = [ENOENT, ENOTDIR, ENAMETOOLONG]

export interface Settings {
  /** Our name in HELO and EHLO. */
  readonly helohost: string
  /** Seconds for each reply and each write; Infinity: no limit. */
  readonly timeout: number
  /** The server's address as reports name it. */
  readonly ip: string
  readonly tlsPolicy: TlsPolicy
  readonly credentials: Credentials | undefined
  readonly clearPasswords: boolean
  readonly smtputf8: boolean
}

/**
 * Reads them, in qmail-remote's order; `unusable` also if there is neither control/me nor control/helohost. `host`: the
 * server's name where SMTPC_MX doesn't say it.
 */
export function readSettings(host: string, unusable: Unreadable): Settings {
  const me = controlLine('me', unusable)
  const timeout = controlNumber('timeoutremote', 1200, unusable)
  const helohost = controlLine('helohost', unusable) || me || unusable(-ENOENT)
  const strictness = controlNumber('tlsstrictness', 0, unusable)
  const exists = (path: string): boolean => {
    const errno = sys.stat(path, 1, new Float64Array(9))
    if (errno < 0 && !NO_SUCH_FILE.includes(-errno)) unusable(errno)
    return errno >= 0
  }
  const user = env('SMTPC_USER')
  return {
    helohost,
    timeout: timeout || Number.POSITIVE_INFINITY,
    ip: env('TCPREMOTEIP') || env('SSLREMOTEIP') || 'unknown',
    tlsPolicy: tlsPolicy({
      name: env('SMTPC_MX') ?? host,
      wish: env('SMTPC_TLS'),
      strictness: controlLine('trustanchors', unusable) ? strictness : 0,
      exists,
    }),
    credentials: user ? { user, password: env('SMTPC_PASS') ?? '' } : undefined,
    clearPasswords: controlNumber('authclear', 0, unusable) !== 0,
    smtputf8: controlNumber('smtputf8', 1, unusable) !== 0,
  }
}
