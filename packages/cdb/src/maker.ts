/** Making a cdb file: what is written where, and that nobody ever sees half of it. */
import {
  EACCES,
  EBADF,
  EEXIST,
  EFBIG,
  EINVAL,
  type Errno,
  fileKind,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  put,
  sys,
  Writer,
} from '@moreqmail/unix'
import { HEADER_SIZE, hashOf, hasRoom, layOut, PAIR, putPair, TABLES, tableNumber } from './format.ts'

/** So many bytes of records are put together before they go to the writer. */
const ROOM = 65536

/** Numbers in one piece of what is kept of a table's records: hash and position, 128 times. */
const PIECE = 256

export interface MakerOptions {
  /** Permissions of the file, as far as the umask leaves them. Default 0644. */
  readonly mode?: number
  /**
   * Name of the temporary file, on the file system of the target; what has this name is overwritten. Must be a
   * regular file or none. Default: a new one in the target's directory, `.cdb.` and 24 hexadecimal digits.
   */
  readonly temporary?: string
}

/** Begins to make the cdb file `path`, which stays as it is until `install`. A negative errno if that can't be done. */
export function createCdb(path: string, options: MakerOptions = {}): CdbMaker | Errno {
  const { mode = 0o644, temporary } = options
  for (;;) {
    const name = temporary ?? newName(path)
    if (typeof name === 'number') return name
    const flags = O_WRONLY | O_CREAT | O_NONBLOCK | (temporary === undefined ? O_EXCL : O_TRUNC)
    const fd = sys.open(name, flags, mode)
    if (fd === -EEXIST && temporary === undefined) continue
    if (fd < 0) return fd
    if (fileKind(fd) === 'file' && sys.lseek(fd, HEADER_SIZE, 0) === HEADER_SIZE) return new CdbMaker(fd, name, path)
    sys.close(fd)
    return -EINVAL
  }
}

/**
 * Makes the cdb file `path` of these records, keys and data as bytes or byte strings, all or nothing: 0 or a negative
 * errno (-EFBIG: it would have 4 GiB or more).
 */
export function makeCdb(
  path: string,
  records: Iterable<readonly [Uint8Array | string, Uint8Array | string]>,
  options: MakerOptions = {},
): Errno {
  const maker = createCdb(path, options)
  if (typeof maker === 'number') return maker
  try {
    for (const [key, data] of records) {
      const errno = maker.add(key, data)
      if (errno < 0) return errno
    }
    return maker.complete() || maker.install()
  } finally {
    maker.discard()
  }
}

/**
 * A cdb file in the making. `add` each record, then `complete` and `install`. Results are 0 or a negative errno; after a
 * failure the temporary file is gone and everything returns that errno. Keeps about eight bytes a record in memory.
 */
export class CdbMaker {
  readonly #temporary: string
  readonly #path: string
  readonly #writer: Writer
  readonly #room = new Uint8Array(ROOM)
  #filled = 0
  readonly #kept: Uint32Array[][] = Array.from({ length: TABLES }, () => [])
  readonly #counts = new Uint32Array(TABLES)
  #fd: number
  #position = HEADER_SIZE
  #count = 0
  #errno: Errno = 0
  #removable = true

  /** Takes over a descriptor open for writing, at the position where records begin. */
  constructor(fd: number, temporary: string, path: string) {
    this.#fd = fd
    this.#temporary = temporary
    this.#path = path
    this.#writer = new Writer(fd)
  }

  /** Adds a record, in any order; a key may come more than once. -EFBIG: the file would have 4 GiB or more. */
  add(key: Uint8Array | string, data: Uint8Array | string): Errno {
    if (this.#fd < 0) return this.#errno || -EBADF
    if (!hasRoom(this.#position, this.#count, key.length, data.length)) return this.#fail(-EFBIG)
    const size = PAIR + key.length + data.length
    if (size > ROOM - this.#filled) this.#empty()
    const at = this.#filled
    putPair(this.#room, at, key.length, data.length)
    let hash: number
    if (size <= ROOM) {
      place(this.#room, at + PAIR, key)
      place(this.#room, at + PAIR + key.length, data)
      hash = hashOf(this.#room, at + PAIR, at + PAIR + key.length)
      this.#filled = at + size
    } else {
      this.#filled = PAIR
      this.#empty()
      hash = this.#write(key)
      this.#write(data)
    }
    this.#remember(hash)
    this.#position += size
    return this.#writer.broken < 0 ? this.#fail(this.#writer.broken) : 0
  }

  /** Writes the hash tables and the header: then the temporary file is a whole cdb, and on disk. */
  complete(): Errno {
    if (this.#fd < 0) return this.#errno || -EBADF
    this.#empty()
    const header = new Uint8Array(HEADER_SIZE)
    for (let table = 0; table < TABLES; table++) {
      const slots = this.#slots(table)
      putPair(header, table * PAIR, this.#position, slots.length / PAIR)
      this.#writer.put(slots)
      this.#position += slots.length
    }
    this.#writer.flush()
    const start = sys.lseek(this.#fd, 0, 0)
    this.#writer.put(header)
    this.#writer.flush()
    const errno = this.#writer.broken || start || sys.fsync(this.#fd) || this.#close()
    return errno < 0 ? this.#fail(errno) : 0
  }

  /**
   * Puts the completed file in the target's place, and has that on disk too. If the rename fails the target is as it was.
   */
  install(): Errno {
    if (this.#errno < 0) return this.#errno
    if (this.#fd >= 0 || !this.#removable) return -EBADF
    const errno = sys.rename(this.#temporary, this.#path)
    if (errno < 0) return this.#fail(errno)
    this.#removable = false
    return syncDirectory(directoryOf(this.#path))
  }

  /** Gives up: closes and removes the temporary file. Does nothing after `install`. */
  discard(): void {
    this.#fail(-EBADF)
  }

  #fail(errno: Errno): Errno {
    this.#close()
    if (this.#removable) {
      this.#removable = false
      this.#errno = errno
      sys.unlink(this.#temporary)
    }
    return errno
  }

  #close(): Errno {
    const fd = this.#fd
    this.#fd = -1
    return fd < 0 ? 0 : sys.close(fd)
  }

  #empty(): void {
    this.#writer.put(this.#room, 0, this.#filled)
    this.#filled = 0
  }

  /** Writes a long key or data; its hash. */
  #write(long: Uint8Array | string): number {
    const whole = typeof long === 'string' ? new Uint8Array(long.length) : long
    if (typeof long === 'string') sys.encode(long, whole, 0, whole.length)
    this.#writer.put(whole)
    return hashOf(whole)
  }

  /** Keeps hash and position of the record for its table. */
  #remember(hash: number): void {
    const table = tableNumber(hash)
    const count = this.#counts[table] ?? 0
    const at = (count * 2) % PIECE
    const pieces = this.#kept[table] ?? []
    if (at === 0) pieces.push(new Uint32Array(PIECE))
    const piece = pieces[pieces.length - 1] ?? new Uint32Array(PIECE)
    piece[at] = hash
    piece[at + 1] = this.#position
    this.#counts[table] = count + 1
    this.#count++
  }

  /** The bytes of a table, whose records are then forgotten. */
  #slots(table: number): Uint8Array {
    const pieces = this.#kept[table] ?? []
    const pairs = new Uint32Array(pieces.length * PIECE)
    for (const [i, piece] of pieces.entries()) pairs.set(piece, i * PIECE)
    this.#kept[table] = []
    return layOut(pairs, this.#counts[table] ?? 0)
  }
}

function place(into: Uint8Array, at: number, what: Uint8Array | string): void {
  if (typeof what === 'string') put(into, at, what)
  else into.set(what, at)
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash)
}

function newName(path: string): string | Errno {
  const random = new Uint8Array(12)
  const errno = sys.random(random, 0, random.length)
  if (errno < 0) return errno
  return `${directoryOf(path)}/.cdb.${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** 0 also where it can't be done: a directory that may be written but not read, a file system without such a sync. */
function syncDirectory(path: string): Errno {
  const fd = sys.open(path, O_RDONLY, 0)
  if (fd < 0) return fd === -EACCES ? 0 : fd
  const errno = sys.fsync(fd)
  sys.close(fd)
  return errno === -EINVAL ? 0 : errno
}
