/** Opening files: the flags of open, kinds of files, and temporary files. */
import { EEXIST, type Errno } from './errno.ts'
import { env } from './image.ts'
import { sys } from './shim.ts'

const linux = process.platform === 'linux'
export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_CREAT = linux ? 0o100 : 0x200
export const O_EXCL = linux ? 0o200 : 0x800
export const O_TRUNC = linux ? 0o1000 : 0x400
export const O_APPEND = linux ? 0o2000 : 0x8
export const O_NONBLOCK = linux ? 0o4000 : 0x4
/** Makes a file that never has a name, in a directory; undefined where there is no such thing. */
const O_TMPFILE = linux ? { x64: 0o20200000, arm64: 0o20040000 }[process.arch as string] : undefined

/** What a path or a descriptor leads to. */
export type FileKind = 'file' | 'directory' | 'pipe' | 'socket' | 'other'

const KINDS: ReadonlyMap<number, FileKind> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o010000, 'pipe'],
  [0o140000, 'socket'],
])

/** The kind of an open descriptor, or of what the path leads to; a negative errno if there is none. */
export function fileKind(what: number | string): FileKind | Errno {
  const out = new Float64Array(9)
  const errno = typeof what === 'number' ? sys.fstat(what, out) : sys.stat(what, 1, out)
  return errno < 0 ? errno : (KINDS.get((out[2] ?? 0) & 0o170000) ?? 'other')
}

/**
 * A new file without a name, for reading and writing by this process and whom it lends it to: its descriptor or a
 * negative errno. It is in TMPDIR, else in /tmp, and goes with its last descriptor.
 */
export function temporaryFile(): number {
  const dir = env('TMPDIR') || '/tmp'
  // Between its making and the removal of its name a process can be killed: better that it has none. Not all file
  // systems can do that; whatever the reason, it shows again below.
  const nameless = O_TMPFILE === undefined ? -1 : sys.open(dir, O_TMPFILE | O_RDWR, 0o600)
  if (nameless >= 0) return nameless
  const random = new Uint8Array(12)
  for (;;) {
    const errno = sys.random(random, 0, random.length)
    if (errno < 0) return errno
    const name = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const path = `${dir}/moreqmail.${name}`
    const fd = sys.open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    if (fd === -EEXIST) continue
    if (fd >= 0) sys.unlink(path)
    return fd
  }
}
