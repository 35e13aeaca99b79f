/** What the system knows of users and files. What can't be found out now defers the mail. */
import { defer } from '@moreqmail/rcptcheck'
import {
  EAGAIN,
  EBUSY,
  EDQUOT,
  EINTR,
  EIO,
  EMFILE,
  ENFILE,
  ENOENT,
  ENOMEM,
  ENOSPC,
  ESTALE,
  ETIMEDOUT,
  ETXTBSY,
  env,
  errorText,
  note,
  readFile,
  sys,
} from '@moreqmail/unix'
import { type User, userIn } from './account.ts'

/** Failures that pass. */
const TEMPORARY: readonly number[] = [
  EAGAIN,
  EBUSY,
  EDQUOT,
  EINTR,
  EIO,
  EMFILE,
  ENFILE,
  ENOMEM,
  ENOSPC,
  ESTALE,
  ETIMEDOUT,
  ETXTBSY,
]

/** Finds users by name: in the file $QMAILPASSWD if that is set, else where the system has them. */
export function userLookup(): (name: string) => User | undefined {
  const path = env('QMAILPASSWD')
  if (path === undefined) return systemUser
  const text = readFile(path, defer) ?? defer()
  return (name) => userIn(text, name)
}

function systemUser(name: string): User | undefined {
  const found = sys.getpwnam(name)
  if (typeof found !== 'number') return { uid: found[1], home: found[3] }
  return found === 0 ? undefined : defer()
}

/** The uid that owns the path; undefined if it can't be looked at. */
export function ownerOf(path: string): number | undefined {
  const out = new Float64Array(9)
  const errno = sys.stat(path, 1, out)
  if (errno === 0) return out[4]
  return TEMPORARY.includes(-errno) ? defer() : undefined
}

/** True if there is something at the path; who can't find out says so, and believes it. */
export function exists(path: string): boolean {
  const errno = sys.stat(path, 1, new Float64Array(9))
  if (errno === -ENOENT) return false
  if (errno < 0) note(`unable to stat ${path}: ${errorText(errno)}`)
  return true
}
