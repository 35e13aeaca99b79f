/** Becomes the user who has logged in. */
import type { User } from '@moreqmail/passwd'
import { crossTrustBoundary, dropTo, EPERM, type Errno, environment, exec, fatal, home, sys } from '@moreqmail/unix'

const TEMPORARY = 111

/** Goes on as the program, with the user's ids, home and environment. */
export function becomeUser({ name, ids, home: directory, shell }: User, prog: readonly string[]): never {
  // Even with the same user: the password was in this memory.
  crossTrustBoundary()
  if (ids !== undefined) {
    const errno = changeTo(ids.uid, ids.gid)
    if (errno < 0) fatal(TEMPORARY, `unable to become ${name}`, errno)
  }
  const own = directory || home()
  const errno = sys.chdir(own)
  if (errno < 0) fatal(TEMPORARY, `unable to switch to ${own}`, errno)
  environment().setAll([
    ['USER', name],
    ['HOME', own],
    ['SHELL', shell],
  ])
  const failed = exec(prog)
  fatal(TEMPORARY, `unable to run ${prog[0]}`, failed)
}

/** Who is not root can stay what he is, and nothing else. */
function changeTo(uid: number, gid: number): Errno {
  if (sys.geteuid() === 0) return dropTo(uid, gid, false)
  return uid === sys.getuid() && uid === sys.geteuid() && gid === sys.getgid() && gid === sys.getegid() ? 0 : -EPERM
}
