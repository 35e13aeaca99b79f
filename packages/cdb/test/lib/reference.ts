/** A cdb file built from the format's description alone, and what tests need to make files and judge answers. */
import { writeFileSync } from 'node:fs'
import { type Cdb, openCdb } from '../../src/index.ts'

export type Pair = readonly [key: string, data: string]

export function hash(key: string): number {
  let h = 5381n
  for (const c of Buffer.from(key, 'latin1')) h = ((h * 33n) & 0xffffffffn) ^ BigInt(c)
  return Number(h)
}

export interface Built {
  readonly file: Buffer
  /** Where each record begins. */
  readonly records: readonly number[]
  /** Where the tables begin. */
  readonly end: number
}

export function build(pairs: readonly Pair[]): Built {
  const records: number[] = []
  const tables: Array<Array<[number, number]>> = Array.from({ length: 256 }, () => [])
  const parts: Buffer[] = []
  let position = 2048
  for (const [key, data] of pairs) {
    records.push(position)
    tables[hash(key) % 256]!.push([hash(key), position])
    const head = Buffer.alloc(8)
    head.writeUInt32LE(key.length, 0)
    head.writeUInt32LE(data.length, 4)
    parts.push(head, Buffer.from(key, 'latin1'), Buffer.from(data, 'latin1'))
    position += 8 + key.length + data.length
  }
  const end = position
  const header = Buffer.alloc(2048)
  tables.forEach((entries, n) => {
    const slots = entries.length * 2
    const table = Buffer.alloc(slots * 8)
    for (const [h, at] of entries) {
      let slot = Math.floor(h / 256) % slots
      while (table.readUInt32LE(slot * 8 + 4) !== 0) slot = (slot + 1) % slots
      table.writeUInt32LE(h, slot * 8)
      table.writeUInt32LE(at, slot * 8 + 4)
    }
    header.writeUInt32LE(position, n * 8)
    header.writeUInt32LE(slots, n * 8 + 4)
    parts.push(table)
    position += table.length
  })
  return { file: Buffer.concat([header, ...parts]), records, end }
}

/** Opens a file that has to be there. */
export function opened(path: string): Cdb {
  const db = openCdb(path)
  if (typeof db !== 'object') throw new Error(`unable to open ${path}: ${db}`)
  return db
}

/** Writes the bytes and opens them as a cdb. */
export function openBytes(path: string, file: Uint8Array): Cdb {
  writeFileSync(path, file)
  return opened(path)
}

/** All that an iteration brings, as byte strings and numbers. */
export function listed(items: Iterable<Uint8Array | number>): Array<string | number> {
  return Array.from(items, (item) => (typeof item === 'number' ? item : Buffer.from(item).toString('latin1')))
}

/** All records as pairs of byte strings; an error as its number. */
export function walked(db: Cdb): Array<[string, string] | number> {
  return Array.from(db.records(), (record) =>
    typeof record === 'number'
      ? record
      : [Buffer.from(record.key).toString('latin1'), Buffer.from(record.data).toString('latin1')],
  )
}

/** Numbers from 0 up to below n, the same ones for the same seed. */
export function random(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n)
  }
}

/** Records of every ugly kind: empty and long keys and data, NUL, LF, 8-bit bytes, equal keys. */
export function uglyPairs(): Pair[] {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
  return [
    ['one', 'Hello'],
    ['two', 'Goodbye'],
    ['', 'data of the empty key'],
    ['empty data', ''],
    ['one', 'second'],
    ['', ''],
    ['\0', 'NUL'],
    ['\0\0', '\0'],
    ['line\nfeed', 'a\nb\n\n'],
    ['->', '+1,1:a->b\n'],
    [all, all],
    ['\xff\xfe', '\x80'],
    ['long key'.repeat(1000), 'x'],
    ['long data', 'y'.repeat(100_000)],
    ['one', ''],
    ['k'.repeat(504), 'd'.repeat(512)],
    ['k'.repeat(505), 'd'.repeat(513)],
    ['last', 'end'],
  ]
}

/** Pairs with keys k0, k1... */
export function manyPairs(count: number): Pair[] {
  return Array.from({ length: count }, (_, i) => [`k${i}`, `data of ${i}`])
}

/** The data of a key's records, in their order. */
export function dataOf(pairs: readonly Pair[], key: string): string[] {
  return pairs.filter(([k]) => k === key).map(([, data]) => data)
}
