/** Puts one message into several Maildirs: into all of them or, after a failure, into none. */
import {
  EACCES,
  EEXIST,
  EINVAL,
  ENOENT,
  ENOTDIR,
  EPERM,
  EROFS,
  type Errno,
  fileKind,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_WRONLY,
  sys,
  Writer,
} from '@moreqmail/unix'
import { fileName, type Taker } from './trace.ts'

/** One file to make: the Maildir it goes to, and the lines before the message. */
export interface Copy {
  readonly maildir: string
  readonly lines: string
}

/** `maildir`: it is none, or may not be written to; `write`: the disk. */
export type Failure = 'maildir' | 'write'

const MAX_TRIES = 100
const READ_WRITE_SEARCH = 7
const NO_MAILDIR: readonly Errno[] = [EACCES, ENOENT, ENOTDIR, EPERM, EROFS]

/** True if the path has tmp, new and cur, and we may write there. */
export function isMaildir(path: string): boolean {
  return ['tmp', 'new', 'cur'].every(
    (part) => fileKind(`${path}/${part}`) === 'directory' && sys.access(`${path}/${part}`, READ_WRITE_SEARCH) === 0,
  )
}

/** Writes all copies of the message in the descriptor, then lets all appear; undefined if that is done. */
export function deliver(copies: readonly Copy[], message: number, taker: Taker): Failure | undefined {
  const names = nameGiver(taker)
  const written: Paths[] = []
  for (const { maildir, lines } of copies) {
    const file = create(maildir, names)
    if (typeof file === 'string') return undo(written, file)
    written.push(file.paths)
    if (!write(file.fd, lines, message)) return undo(written, 'write')
  }
  const stuck = written.findIndex(({ tmp, target }) => sys.link(tmp, target) < 0)
  const linked = stuck < 0 ? written : written.slice(0, stuck)
  const safe = stuck < 0 && [...new Set(copies.map(({ maildir }) => `${maildir}/new`))].every(syncDirectory)
  if (!safe) for (const { target } of linked) sys.unlink(target)
  return undo(written, safe ? undefined : 'write')
}

/** Where a file is written, and where it appears. */
interface Paths {
  readonly tmp: string
  readonly target: string
}

function undo<Outcome>(written: readonly Paths[], outcome: Outcome): Outcome {
  for (const { tmp } of written) sys.unlink(tmp)
  return outcome
}

function nameGiver({ time, pid }: Taker): () => string {
  const host = sys.gethostname()
  let n = 0
  return () => fileName(time, pid, ++n, typeof host === 'string' ? host : 'localhost')
}

function create(maildir: string, names: () => string): { fd: number; paths: Paths } | Failure {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const name = names()
    const paths = { tmp: `${maildir}/tmp/${name}`, target: `${maildir}/new/${name}` }
    const fd = sys.open(paths.tmp, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    if (fd >= 0) return { fd, paths }
    if (fd !== -EEXIST) return NO_MAILDIR.includes(-fd) ? 'maildir' : 'write'
  }
  return 'write'
}

/** Writes one file so that it is on the disk; false if it is not. Closes it. */
function write(fd: number, lines: string, message: number): boolean {
  const out = new Writer(fd)
  const buffer = new Uint8Array(65536)
  out.puts(lines)
  let n = 0
  for (let at = 0; !out.broken; at += n) {
    n = sys.pread(message, buffer, 0, buffer.length, at)
    if (n <= 0) break
    out.put(buffer, 0, n)
  }
  const written = out.flush() && n === 0 && sys.fsync(fd) === 0
  return sys.close(fd) === 0 && written
}

/** True if the directory's entries are on the disk, as far as its file system has a way to say so. */
function syncDirectory(path: string): boolean {
  const fd = sys.open(path, O_RDONLY, 0)
  if (fd < 0) return false
  const errno = sys.fsync(fd)
  sys.close(fd)
  return errno === 0 || errno === -EINVAL
}
