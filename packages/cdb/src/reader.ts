/** Reading a cdb file: which data a key has, believing only what can be true of an undamaged file. */
import { bytes, ENOENT, EPROTO, type Errno, latin1, O_NONBLOCK, O_RDONLY, sys } from '@moreqmail/unix'
import {
  canBeRecord,
  endOfRecords,
  firstSlot,
  HASH_START,
  HEADER_SIZE,
  hashOf,
  PAIR,
  type Place,
  placeOf,
  type Table,
  tableAt,
  tableNumber,
  uint32,
} from './format.ts'
import { type OpenFile, Pages, readAt } from './pages.ts'

/** Enough for a run of slots, and for a usual record together with the head of the next one. */
const LOOKUP_WINDOW = 512
const WALK_WINDOW = 65536

/** Slots looked at in one read; half of a table's slots are empty, so that few searches need more. */
const RUN = 32

export interface CdbRecord {
  readonly key: Uint8Array
  readonly data: Uint8Array
}

/** A search for a key: which slot is next, and how many are left before the whole table has been seen. */
interface Search {
  readonly key: Uint8Array
  readonly hash: number
  readonly table: Table
  slot: number
  left: number
}

/**
 * Opens a cdb file for reading; undefined when there is no such file, a negative errno when it can't be opened. Nothing
 * is read yet: what is no cdb shows in the first look-up. The file may be replaced by rename meanwhile; this one stays.
 */
export function openCdb(path: string): Cdb | undefined | Errno {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK, 0)
  if (fd < 0) return fd === -ENOENT ? undefined : fd
  const stat = new Float64Array(9)
  const errno = sys.fstat(fd, stat)
  if (errno < 0) {
    sys.close(fd)
    return errno
  }
  return new Cdb(fd, stat[6] ?? 0)
}

/**
 * An open cdb file. In all answers undefined means that the key is not there, and a negative number that nothing is
 * known: -EPROTO for a file that is damaged or no cdb at all, otherwise the system's errno. Keys are bytes or byte
 * strings; data is the caller's own copy.
 */
export class Cdb {
  readonly #file: OpenFile
  readonly #size: number
  readonly #pages: Pages
  #header: Uint8Array | undefined
  #end = 0

  /** Takes over a descriptor open for reading; size: of the file, in bytes. */
  constructor(fd: number, size: number) {
    this.#file = { fd }
    this.#size = size
    this.#pages = new Pages(this.#file, LOOKUP_WINDOW)
  }

  /** The data of the first record with this key. */
  get(key: Uint8Array | string): Uint8Array | undefined | Errno {
    const search = this.#search(key)
    return typeof search === 'object' ? this.#next(search) : search
  }

  /** The data of the first record with this key, as a byte string. */
  getText(key: Uint8Array | string): string | undefined | Errno {
    const data = this.get(key)
    return typeof data === 'object' ? latin1(data) : data
  }

  /** The data of all records with this key, in the order in which they were added. A number is the last to come. */
  *values(key: Uint8Array | string): Generator<Uint8Array | Errno> {
    const search = this.#search(key)
    if (typeof search === 'number') yield search
    if (typeof search !== 'object') return
    for (;;) {
      const data = this.#next(search)
      if (data === undefined) return
      yield data
      if (typeof data === 'number') return
    }
  }

  /**
   * All records, in the order in which they were added. A number is the last to come. The hash tables are not looked at,
   * so that a damaged key can come out as another one; look-ups do not find such a record.
   */
  *records(): Generator<CdbRecord | Errno> {
    const header = this.#read()
    if (typeof header === 'number') {
      yield header
      return
    }
    const pages = new Pages(this.#file, WALK_WINDOW)
    for (let position = HEADER_SIZE; position < this.#end; ) {
      const place = this.#place(pages, position)
      if (typeof place === 'number') {
        yield place
        return
      }
      const record = contents(pages, place)
      yield record
      if (typeof record === 'number') return
      position = place.next
    }
  }

  /** Closes the file. Later answers are -EBADF. */
  close(): void {
    sys.close(this.#file.fd)
    this.#file.fd = -1
    this.#header = undefined
  }

  /** The header, read once and whole, which costs no more than eight bytes of it would. */
  #read(): Uint8Array | Errno {
    if (this.#header !== undefined) return this.#header
    const header = new Uint8Array(HEADER_SIZE)
    const n = readAt(this.#file, header, 0)
    if (n < 0) return n
    const end = n < HEADER_SIZE ? undefined : endOfRecords(header, this.#size)
    if (end === undefined) return -EPROTO
    this.#end = end
    this.#header = header
    return header
  }

  #search(text: Uint8Array | string): Search | undefined | Errno {
    const header = this.#read()
    if (typeof header === 'number') return header
    const key = typeof text === 'string' ? bytes(text) : text
    const hash = hashOf(key)
    const table = tableAt(header, tableNumber(hash), this.#size)
    if (table === undefined || table.position < this.#end) return -EPROTO
    if (table.slots === 0) return undefined
    return { key, hash, table, slot: firstSlot(hash, table.slots), left: table.slots }
  }

  /** The data of the next record that has the key. Looks at each slot once at most. */
  #next(search: Search): Uint8Array | undefined | Errno {
    const { hash, table } = search
    while (search.left > 0) {
      const count = Math.min(search.left, table.slots - search.slot, RUN)
      const run = this.#pages.view(table.position + search.slot * PAIR, count * PAIR)
      if (typeof run === 'number') return run
      for (let at = 0; at < run.length; at += PAIR) {
        const position = uint32(run, at + 4)
        if (position === 0) {
          search.left = 0
          return undefined
        }
        search.left--
        search.slot = search.slot + 1 === table.slots ? 0 : search.slot + 1
        const slotHash = uint32(run, at)
        if (tableNumber(slotHash) !== tableNumber(hash) || !canBeRecord(position, this.#end)) return -EPROTO
        if (slotHash !== hash) continue
        const data = this.#data(search, position)
        if (data !== undefined) return data
        break // the window has moved to the record: the rest of the run is read again
      }
    }
    return undefined
  }

  /** The data of the record, whose slot has the hash; undefined if its key is another one. */
  #data(search: Search, position: number): Uint8Array | undefined | Errno {
    const place = this.#place(this.#pages, position)
    if (typeof place === 'number') return place
    const same = this.#isKey(search, place)
    if (typeof same === 'number') return same
    return same ? this.#pages.copy(place.data, place.next - place.data) : undefined
  }

  /** True if the record has the key, false if it has another one of the same hash; otherwise the file is damaged. */
  #isKey(search: Search, place: Place): boolean | Errno {
    let same = place.data - place.key === search.key.length
    let hash = HASH_START
    for (let at = place.key; at < place.data; at += LOOKUP_WINDOW) {
      const piece = this.#pages.view(at, Math.min(LOOKUP_WINDOW, place.data - at))
      if (typeof piece === 'number') return piece
      same &&= equal(piece, search.key, at - place.key)
      hash = hashOf(piece, 0, piece.length, hash)
    }
    return hash === search.hash ? same : -EPROTO
  }

  /** Where the parts of the record are. What follows must look like a record too: there most wrong lengths show. */
  #place(pages: Pages, position: number): Place | Errno {
    const place = this.#head(pages, position)
    if (typeof place === 'number' || place.next === this.#end) return place
    const next = this.#head(pages, place.next)
    return typeof next === 'number' ? next : place
  }

  #head(pages: Pages, position: number): Place | Errno {
    const head = pages.view(position, PAIR)
    return typeof head === 'number' ? head : (placeOf(head, position, this.#end) ?? -EPROTO)
  }
}

function contents(pages: Pages, place: Place): CdbRecord | Errno {
  const key = pages.copy(place.key, place.data - place.key)
  if (typeof key === 'number') return key
  const data = pages.copy(place.data, place.next - place.data)
  return typeof data === 'number' ? data : { key, data }
}

/** True if the piece is what the key has at the offset. */
function equal(piece: Uint8Array, key: Uint8Array, at: number): boolean {
  for (let i = 0; i < piece.length; i++) if (piece[i] !== key[at + i]) return false
  return true
}
