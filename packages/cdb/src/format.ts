/** Where things are in a cdb file, and whether what it says of itself can be true (https://cr.yp.to/cdb/cdb.txt). Pure. */

/** The header: position and number of slots of each hash table. */
export const HEADER_SIZE = 2048
export const TABLES = 256

/** Bytes of a pair of 32-bit numbers: an entry of the header, a slot (hash, record), the head of a record (lengths). */
export const PAIR = 8

/** A file must not be larger: positions have 32 bits, that of an empty table at the end included. */
export const MAX_SIZE = 0xffffffff

/** What a record costs in the hash tables: two slots, so that half of them stay empty. */
const SLOTS_OF_RECORD = 2

/** The hash of the empty key. */
export const HASH_START = 5381

/** The hash of a range of bytes, or of what came before together with it: a number of 32 bits, never negative. */
export function hashOf(key: Uint8Array, from = 0, to = key.length, before = HASH_START): number {
  let hash = before
  for (let i = from; i < to; i++) hash = ((hash << 5) + hash) ^ (key[i] ?? 0)
  return hash >>> 0
}

/** The 32-bit number at an offset, lowest byte first. */
export function uint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0
  )
}

/** Writes two 32-bit numbers at an offset. */
export function putPair(into: Uint8Array, at: number, first: number, second: number): void {
  into[at] = first
  into[at + 1] = first >>> 8
  into[at + 2] = first >>> 16
  into[at + 3] = first >>> 24
  into[at + 4] = second
  into[at + 5] = second >>> 8
  into[at + 6] = second >>> 16
  into[at + 7] = second >>> 24
}

/** One of the 256 hash tables. */
export interface Table {
  /** Of its first byte in the file. */
  readonly position: number
  readonly slots: number
}

/** The number of the table that a hash belongs to. */
export function tableNumber(hash: number): number {
  return hash & (TABLES - 1)
}

/**
 * The table of this number in the header of a file of this size; undefined if the file must be damaged. The tables
 * follow the records and each other without a gap, up to the end of the file: no wrong number passes.
 */
export function tableAt(header: Uint8Array, table: number, size: number): Table | undefined {
  const at = table * PAIR
  const position = uint32(header, at)
  const slots = uint32(header, at + 4)
  const next = table === TABLES - 1 ? size : uint32(header, at + PAIR)
  const sound = position >= HEADER_SIZE && position + slots * PAIR === next && next <= size
  return sound ? { position, slots } : undefined
}

/** Where the records end and the first table begins; undefined if this can't be the header of a file of this size. */
export function endOfRecords(header: Uint8Array, size: number): number | undefined {
  return tableAt(header, TABLES - 1, size) && tableAt(header, 0, size)?.position
}

/** The slot in which the search for a hash begins. The table must have slots. */
export function firstSlot(hash: number, slots: number): number {
  return (hash >>> 8) % slots
}

/** True if a record can begin here; `end` is where the records end. */
export function canBeRecord(position: number, end: number): boolean {
  return position >= HEADER_SIZE && position <= end - PAIR
}

/** Where the parts of a record are: its key begins at `key`, its data at `data`, the next record at `next`. */
export interface Place {
  readonly key: number
  readonly data: number
  readonly next: number
}

/** The place of the record at a position, by its head; undefined if it would go beyond the end of the records. */
export function placeOf(head: Uint8Array, position: number, end: number): Place | undefined {
  const key = position + PAIR
  const data = key + uint32(head, 0)
  const next = data + uint32(head, 4)
  return next <= end ? { key, data, next } : undefined
}

/**
 * True if a record of these lengths can be added to a file whose `count` records end at `position`, so that all of it,
 * tables included, stays within MAX_SIZE.
 */
export function hasRoom(position: number, count: number, keyLength: number, dataLength: number): boolean {
  return position + PAIR + keyLength + dataLength + (count + 1) * SLOTS_OF_RECORD * PAIR <= MAX_SIZE
}

/**
 * The bytes of the hash table of `count` records, given as pairs of hash and position in the order of the records, which
 * is also the order in which equal keys will be found. The time is about the same for any hashes, equal ones included.
 */
export function layOut(pairs: Uint32Array, count: number): Uint8Array {
  const slots = count * SLOTS_OF_RECORD
  const bytes = new Uint8Array(slots * PAIR)
  // Each slot's successor in the search for a free one: itself while it is free, else some slot behind it.
  const onward = new Uint32Array(slots)
  for (let i = 0; i < slots; i++) onward[i] = i
  for (let i = 0; i < count * 2; i += 2) {
    const hash = pairs[i] ?? 0
    let slot = firstSlot(hash, slots)
    for (let next = onward[slot] ?? 0; next !== slot; next = onward[slot] ?? 0) {
      const skip = onward[next] ?? 0
      onward[slot] = skip
      slot = skip
    }
    onward[slot] = slot + 1 === slots ? 0 : slot + 1
    putPair(bytes, slot * PAIR, hash, pairs[i + 1] ?? 0)
  }
  return bytes
}
