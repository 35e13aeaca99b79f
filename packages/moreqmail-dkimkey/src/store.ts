/** Putting a private key into a file so that it is there whole and for the right readers, or not at all. */
import { bytes, EEXIST, ENOENT, type Errno, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY, sys } from '@moreqmail/unix'

/** Who runs qmail-remote is in it. */
const GROUP = 'qmail'

/** Makes the missing directories of a path: 0 or a negative errno. */
export function makeDirectories(path: string): Errno {
  for (let slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const errno = sys.mkdir(path.slice(0, slash), 0o755)
    if (errno < 0 && errno !== -EEXIST) return errno
  }
  return 0
}

/**
 * Writes the text into a new file, synchronized to the disk: 0 or a negative errno. An existing file is never touched.
 * It can be read by the group of qmail if there is one and we may give it away, else by that of its directory.
 */
export function storeKey(path: string, text: string): Errno {
  const directory = path.slice(0, path.lastIndexOf('/') + 1) || '.'
  const draft = `${path}.${sys.getpid()}.new`
  const fd = sys.open(draft, O_WRONLY | O_CREAT | O_EXCL, 0o600)
  if (fd < 0) return fd
  const data = bytes(text)
  const written = sys.write(fd, data, 0, data.length)
  const errno =
    Math.min(0, written) || sys.fsync(fd) || sys.close(fd) || shareWithGroup(draft, directory) || sys.link(draft, path)
  sys.unlink(draft)
  return errno < 0 ? errno : synchronize(directory)
}

/** Lets the group read: qmail's, or if we can't give the file to it, that of the directory, or none. */
function shareWithGroup(path: string, directory: string): Errno {
  const facts = new Float64Array(9)
  const own = sys.stat(directory, 1, facts) < 0 ? -ENOENT : (facts[5] ?? 0)
  for (const gid of [sys.getgrnam(GROUP), own])
    if (gid >= 0 && sys.chown(path, -1, gid) === 0) return sys.chmod(path, 0o640)
  return 0
}

function synchronize(directory: string): Errno {
  const fd = sys.open(directory, O_RDONLY, 0)
  if (fd < 0) return fd
  const errno = sys.fsync(fd)
  sys.close(fd)
  return errno
}
