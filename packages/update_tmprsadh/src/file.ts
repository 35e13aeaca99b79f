/** How a file of TLS parameters is made, and whose it is. Any failure ends the program. */
import { ENOENT, fatal, O_CREAT, O_EXCL, O_RDWR, run, sys } from '@moreqmail/unix'

/** Exit code of a failure. */
export const FAILED = 111

/** Whoever runs the servers; the owner of a file that is made for the first time. */
const SERVER_USER = 'qmaild'

/** Makes a file that only we can read, and has it on disk. */
export function make(path: string, command: string, words: readonly string[]): void {
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
export function ownerFor(path: string): [uid: number, gid: number] | undefined {
  if (sys.geteuid() !== 0) return undefined
  const about = new Float64Array(9)
  const errno = sys.stat(path, 1, about)
  if (errno === 0) return [about[4] as number, about[5] as number]
  if (errno !== -ENOENT) fatal(FAILED, `unable to look at ${path}`, errno)
  const user = sys.getpwnam(SERVER_USER)
  return typeof user === 'number' ? undefined : [user[1], user[2]]
}
