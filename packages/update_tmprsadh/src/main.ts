/** update_tmprsadh: replaces the temporary RSA key and the Diffie-Hellman parameters that servers use for TLS. */
import {
  args,
  chdirHome,
  ENOENT,
  exit,
  fatal,
  home,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  run,
  sys,
  usage,
} from '@moreqmail/unix'

export const synopsis = 'update_tmprsadh'

const FAILED = 111
const MISUSED = 100
const LOCK_EX = 2
const LOCK_NB = 4

/** Whoever runs the servers; the owner of a file that is made for the first time. */
const SERVER_USER = 'qmaild'

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

/** Makes a file that only we can read, and has it on disk. */
function make(path: string, command: string, words: readonly string[]): void {
  sys.unlink(path)
  const file = sys.open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
  if (file < 0) fatal(FAILED, `unable to create ${path}`, file)
  const nowhere = sys.open('/dev/null', O_RDWR, 0)
  // All that openssl says of its progress is of no interest.
  const status = run(['openssl', command, '-out', path, ...words], {
    fds: [
      [1, nowhere],
      [2, nowhere],
    ],
  })
  sys.close(nowhere)
  if (typeof status === 'number') fatal(FAILED, 'unable to run openssl', status)
  if (status.raw !== 0) fatal(FAILED, `unable to make ${path}: openssl ${command} has failed`)
  // What openssl has made may be another file.
  const about = new Float64Array(9)
  const errno = sys.stat(path, 0, about) || sys.chmod(path, 0o600) || sys.fsync(file)
  if (errno < 0) fatal(FAILED, `unable to make ${path}`, errno)
  if (about[6] === 0) fatal(FAILED, `unable to make ${path}: openssl ${command} has made nothing`)
  sys.close(file)
}

/** The uid and gid for the new file: those of the old one, or of the servers' user; undefined if they can't be given. */
function ownerFor(path: string): [uid: number, gid: number] | undefined {
  if (sys.geteuid() !== 0) return undefined
  const about = new Float64Array(9)
  const errno = sys.stat(path, 1, about)
  if (errno === 0) return [about[4] as number, about[5] as number]
  if (errno !== -ENOENT) fatal(FAILED, `unable to look at ${path}`, errno)
  const user = sys.getpwnam(SERVER_USER)
  return typeof user === 'number' ? undefined : [user[1], user[2]]
}
