/** Changing the user of the process. */
import type { Errno } from './errno.ts'
import { crossTrustBoundary } from './image.ts'
import { sys } from './shim.ts'

/**
 * Gives up root for good: supplementary groups (just the gid), gid, uid, in this order; an id that is undefined stays.
 * 0 or a negative errno. After it our own programs get new images, since this one's memory was root's; `secretFree`
 * says that there is nothing in it which the new user must not see.
 */
export function dropTo(uid: number | undefined, gid: number | undefined, secretFree: boolean): Errno {
  if (gid !== undefined) {
    const errno = sys.setgroups(gid) || sys.setgid(gid)
    if (errno < 0) return errno
  }
  if (uid !== undefined) {
    const errno = sys.setuid(uid)
    if (errno < 0) return errno
  }
  if (!secretFree) crossTrustBoundary()
  return 0
}
