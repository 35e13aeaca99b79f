/** Who gets the mail of a local part, and which .qmail files that user would need. Pure. */
import { lower } from '@moreqmail/unix/bytes'

/** Where delivery looks: the files of this home that begin with `.qmail`, the dash and the extension. */
export interface Account {
  readonly home: string
  readonly dash: string
  readonly ext: string
}

/** A user of the system. */
export interface User {
  readonly uid: number
  readonly home: string
}

/** Longer user names are not looked up (qmail-getpw). */
const MAX_NAME = 31

/** Stands between a user and an extension. */
const BREAK = '-'

/** Has what is for no user. */
const ALIAS = 'alias'

/**
 * The account that users/cdb gives the local part, by what the data of a key is (qmail-users(5)); undefined if none.
 * `wildcards`: the bytes at which an assignment may end, the data of the empty key. `unclear`: its record is cut off.
 */
export function assignedAccount(
  local: string,
  wildcards: string,
  get: (key: string) => string | undefined,
): Account | 'unclear' | undefined {
  const key = `!${lower(local)}`
  const exact = get(`${key}\0`)
  if (exact !== undefined) return accountIn(exact)
  for (let length = key.length; length > 0; length--) {
    if (length > 1 && !wildcards.includes(key.charAt(length - 1))) continue
    const record = get(key.slice(0, length))
    if (record !== undefined) return accountIn(record + local.slice(length - 1))
  }
  return undefined
}

/** A record is user, uid, gid, home, dash and extension, with a NUL between them. */
function accountIn(record: string): Account | 'unclear' {
  const [, , , home, dash, ext] = record.split('\0')
  return home === undefined || dash === undefined || ext === undefined ? 'unclear' : { home, dash, ext }
}

/**
 * The account of the system user whose name the local part begins with, the longest first, else that of the user alias
 * (qmail-getpw(8)); undefined if there is not even that one. A user counts who is not root and owns the home.
 */
export function systemAccount(
  local: string,
  find: (name: string) => User | undefined,
  ownerOf: (path: string) => number | undefined,
): Account | undefined {
  for (let end = local.length; end >= 0; end = end > 0 ? local.lastIndexOf(BREAK, end - 1) : -1) {
    const user = end > MAX_NAME ? undefined : find(lower(local.slice(0, end)))
    if (user === undefined || user.uid === 0 || ownerOf(user.home) !== user.uid) continue
    const dash = end < local.length ? BREAK : ''
    return { home: user.home, dash, ext: local.slice(end + 1) }
  }
  const alias = find(ALIAS)
  return alias && { home: alias.home, dash: BREAK, ext: local }
}

/** The paths of the files by which the account takes the mail; each is enough (dot-qmail(5)). */
export function* qmailFiles({ home, dash, ext }: Account): Generator<string> {
  // Without dots no extension leads out of the home.
  const safe = lower(ext).replaceAll('.', ':')
  const start = `${home}/.qmail${dash}`
  yield start + safe
  for (let end = safe.length; end >= 0; end--)
    if (end === 0 || safe.charAt(end - 1) === BREAK) yield `${start}${safe.slice(0, end)}default`
}

/** The user of that name in the text of a passwd(5) file; undefined if there is none. */
export function userIn(text: string, name: string): User | undefined {
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${name}:`)) continue
    const [first, , uid = '', , , home] = line.split(':')
    if (first === name && /^[0-9]+$/.test(uid) && home !== undefined) return { uid: Number(uid), home }
  }
  return undefined
}
