/** checkpassword: checks the name and the password on descriptor 3, then becomes the user and runs a program. */
import { findUser, PASSWD, verify } from '@moreqmail/passwd'
import { args, chdirHome, EBADF, ENOENT, exit, fatal, Reader, readFile, sys, warn } from '@moreqmail/unix'
import { becomeUser } from './become.ts'
import { MAX_LOGIN, parseLogin } from './login.ts'

export const synopsis = 'checkpassword prog [arg ...]'

const REFUSED = 1
const MISUSED = 2
const TEMPORARY = 111

const LOGIN = 3

/** Those who are neither the owner nor root. */
const OTHERS_READ = 0o044

export function main(): never {
  const prog = args()
  if (prog.length === 0 || sys.isopen(LOGIN) < 0) exit(MISUSED)
  const reader = readLogin()
  const login = parseLogin(reader.buffered)
  if (login === 'malformed') exit(MISUSED)
  if (login === 'empty') exit(REFUSED)
  const { name, password } = login
  const user = findUser(readPasswd(), name)
  if (typeof user === 'number') fatal(TEMPORARY, `bad line ${user} in ${PASSWD}`)
  const right = verify(password, user?.hash)
  reader.wipe()
  if (right === 'unusable') fatal(TEMPORARY, `unusable hash for ${name}`)
  // Root never logs in, and that is not told to whoever has the password.
  if (!right || user === undefined || user.ids?.uid === 0 || user.ids?.gid === 0) exit(REFUSED)
  becomeUser(user, prog)
}

/** The whole of descriptor 3, which is closed then. */
function readLogin(): Reader {
  const failed = (errno: number): never => {
    if (errno === -EBADF) exit(MISUSED)
    fatal(TEMPORARY, `unable to read descriptor ${LOGIN}`, errno)
  }
  const reader = new Reader(LOGIN, { size: MAX_LOGIN + 1, failed })
  while (reader.more());
  if (reader.buffered.length > MAX_LOGIN) exit(REFUSED)
  sys.close(LOGIN)
  return reader
}

/** The text of control/passwd, after a warning if others may read it. */
function readPasswd(): string {
  const cannot = (errno: number): never => fatal(TEMPORARY, `unable to read ${PASSWD}`, errno)
  const errno = chdirHome()
  if (errno < 0) fatal(TEMPORARY, 'unable to switch to the qmail home', errno)
  const text = readFile(PASSWD, cannot) ?? cannot(-ENOENT)
  const facts = new Float64Array(9)
  if (sys.stat(PASSWD, 1, facts) === 0 && ((facts[2] ?? 0) & OTHERS_READ) !== 0)
    warn(`${PASSWD} can be read by others than its owner`)
  return text
}
