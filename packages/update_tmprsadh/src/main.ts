/** update_tmprsadh: replaces the temporary RSA key and the Diffie-Hellman parameters that servers use for TLS. */
import { args, chdirHome, exit, fatal, home, O_RDONLY, sys, usage } from '@moreqmail/unix'
import { FAILED, make, ownerFor } from './file.ts'

export const synopsis = 'update_tmprsadh'

const MISUSED = 100
const LOCK_EX = 2
const LOCK_NB = 4

/** The files below control, and what openssl is told to make them; `-out FILE` comes behind the first word. */
const FILES: ReadonlyArray<readonly [name: string, command: string, ...words: string[]]> = [
  ['rsa2048.pem', 'genrsa', '2048'],
  ['dh2048.pem', 'dhparam', '-2', '2048'],
]

export function main(): never {
  if (args().length > 0) usage(MISUSED, synopsis)
  const moved = chdirHome()
  if (moved < 0) fatal(FAILED, `unable to switch to ${home()}`, moved)
  sys.umask(0o077)
  const control = sys.open('control', O_RDONLY, 0)
  const locked = control < 0 ? control : sys.flock(control, LOCK_EX | LOCK_NB)
  if (locked < 0) fatal(FAILED, 'unable to lock control', locked)
  for (const [name, command, ...words] of FILES) {
    const path = `control/${name}`
    const temporary = `control/${name.replace(/\.pem$/, '.new')}`
    make(temporary, command, words)
    const owner = ownerFor(path)
    const given = owner === undefined ? 0 : sys.chown(temporary, ...owner)
    if (given < 0) fatal(FAILED, `unable to give ${temporary} away`, given)
    const renamed = sys.rename(temporary, path)
    if (renamed < 0) fatal(FAILED, `unable to rename ${temporary} to ${path}`, renamed)
    sys.fsync(control)
  }
  exit(0)
}
