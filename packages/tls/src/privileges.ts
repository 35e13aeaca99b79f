/** Gives up what reading the key took, before the first byte from the network is read. */
import { dropTo, errorText, note, sys } from '@moreqmail/unix'
import type { Assignment } from './assignment.ts'
import { type Fault, SYSTEM } from './fault.ts'
import type { Settings } from './settings.ts'

/** Changes root directory, group and user for good; undefined: done. Who isn't root has nothing to give up. */
export function giveUp({ uid, gid, root }: Settings, { name, style, verbosity }: Assignment): Fault | undefined {
  if (root !== undefined) {
    const errno = sys.chroot(root) || sys.chdir('/')
    if (errno < 0) return { code: SYSTEM, text: `unable to chroot to ${root}: ${errorText(errno)}` }
  }
  if (sys.geteuid() === 0) {
    if (uid === undefined && verbosity > 0 && style !== 'sslclient')
      note(`${name}: warning: TLS runs as root, set SSL_UID and SSL_GID`)
    const none = uid === undefined && gid === undefined
    const errno = none ? 0 : dropTo(uid, gid ?? sys.getgid(), false)
    if (errno < 0) return { code: SYSTEM, text: `unable to set user and group: ${errorText(errno)}` }
  }
  sys.dumpable(0)
  return undefined
}
