/** Changes control/passwd: whoever reads it finds the old text or the new one. */
import { PASSWD } from '@moreqmail/passwd'
import { type Errno, fatal, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY, readFile, sys, Writer } from '@moreqmail/unix'

const TEMPORARY = 111
const PRIVATE = 0o600
const LOCK_EX = 2

const LOCK = `${PASSWD}.lock`
const NEW = `${PASSWD}.new`

/** The text of control/passwd; undefined if there is no such file. */
export function readPasswd(): string | undefined {
  return readFile(PASSWD, (errno) => fatal(TEMPORARY, `unable to read ${PASSWD}`, errno))
}

/**
 * Puts what `change` makes of the text in its place, under the lock; undefined from it leaves all as it is. True if
 * there was a change, which has reached the disk then. Ends the program if that fails.
 */
export function changePasswd(change: (text: string) => string | undefined): boolean {
  const lock = sys.open(LOCK, O_RDWR | O_CREAT, PRIVATE)
  if (lock < 0) fatal(TEMPORARY, `unable to open ${LOCK}`, lock)
  const locked = sys.flock(lock, LOCK_EX)
  if (locked < 0) fatal(TEMPORARY, `unable to lock ${LOCK}`, locked)
  const text = change(readPasswd() ?? '')
  if (text === undefined) return false
  const errno = replace(text)
  if (errno < 0) {
    sys.unlink(NEW)
    fatal(TEMPORARY, `unable to write ${PASSWD}`, errno)
  }
  const directory = sys.open('control', O_RDONLY, 0)
  const synced = directory < 0 ? directory : sys.fsync(directory)
  if (synced < 0) fatal(TEMPORARY, `${PASSWD} is changed, but unable to sync control`, synced)
  return true
}

/** 0 or a negative errno; after that the old file is as it was. */
function replace(text: string): Errno {
  // Left over from a writer that was killed: nobody else has the lock.
  sys.unlink(NEW)
  const fd = sys.open(NEW, O_WRONLY | O_CREAT | O_EXCL, PRIVATE)
  if (fd < 0) return fd
  const out = new Writer(fd)
  out.puts(text)
  out.flush()
  return (
    out.broken || keepOwner(fd) || sys.chmod(NEW, PRIVATE) || sys.fsync(fd) || sys.close(fd) || sys.rename(NEW, PASSWD)
  )
}

/** Gives the new file to the owner of the old one, if there is one and it is somebody else. */
function keepOwner(fd: number): Errno {
  const [old, own] = [new Float64Array(9), new Float64Array(9)]
  if (sys.stat(PASSWD, 1, old) < 0) return 0
  const errno = sys.fstat(fd, own)
  const [, , , , uid = 0, gid = 0] = old
  return errno < 0 || (own[4] === uid && own[5] === gid) ? errno : sys.chown(NEW, uid, gid)
}
