import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import t from 'tap'
import type { Cdb } from '../src/index.ts'
import { build, hash, listed, opened, type Pair, random, walked } from './lib/reference.ts'

const ABSENT = ['none', 'k', 'k999', '\0', 'k1x', 'x'.repeat(300)]

/** Data of plain text, as in a mail system, so that a wrong length does not by chance lead to another good record. */
function pairs(): Pair[] {
  const list: Pair[] = [['', 'the empty key']]
  for (let i = 0; i < 40; i++) list.push([`k${i}`, i % 5 === 0 ? '' : `some text as data of ${i}\0and more`])
  for (let i = 0; i < 5; i++) list.push(['same', `value ${i}`])
  list.push(['z'.repeat(600), 'long key'], ['long data', 'q'.repeat(2000)])
  return list
}

const PAIRS = pairs()
const KEYS = [...new Set(PAIRS.map(([key]) => key))]
const { file: GOOD, records: RECORDS, end: END } = build(PAIRS)

/** The bytes of each part; what is data, or says how long data is, can be wrong without anything else being so. */
const DATA: Array<[from: number, to: number]> = PAIRS.map(([key, data], i) => {
  const start = RECORDS[i]! + 8 + key.length
  return [start, start + data.length]
})
const DATA_LENGTHS: Array<[from: number, to: number]> = RECORDS.map((at) => [at + 4, at + 8])

function within(at: number, ranges: ReadonlyArray<readonly [number, number]>): boolean {
  return ranges.some(([from, to]) => at >= from && at < to)
}

/** What is wrong with the answers about these keys; undefined if each is right, or 'not there', or an error. */
function lies(db: Cdb, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const possible = PAIRS.filter(([k]) => k === key).map(([, data]) => data)
    const data = db.getText(key)
    if (typeof data === 'string' && !possible.includes(data)) return `get of ${JSON.stringify(key)}: ${data}`
    const all = listed(db.values(key))
    for (const [i, value] of all.entries()) {
      if (typeof value === 'number' ? i !== all.length - 1 || value >= 0 : !possible.includes(value))
        return `values of ${JSON.stringify(key)}: ${value}`
    }
  }
  return undefined
}

/** The same for all records. Their keys can't be judged if these are damaged: the walk does not look at the tables. */
function liesInWalk(db: Cdb, keysToo: boolean): string | undefined {
  const all = walked(db)
  if (all.length > GOOD.length / 8) return `${all.length} records`
  for (const [i, record] of all.entries()) {
    if (typeof record === 'number') {
      if (i !== all.length - 1 || record >= 0) return `number ${record}`
    } else if (keysToo && !PAIRS.some(([key, data]) => key === record[0] && data === record[1])) {
      return `record ${record}`
    }
  }
  return undefined
}

t.test('the good file', (t) => {
  const path = `${t.testdir({})}/x`
  writeFileSync(path, GOOD)
  const db = opened(path)
  t.equal(lies(db, [...KEYS, ...ABSENT]), undefined)
  t.strictSame(walked(db), PAIRS)
  for (const key of KEYS) if (typeof db.get(key) !== 'object') t.fail(key)
  t.end()
})

/** Numbers of the tables whose searches read a byte of the header, of a slot or of a record; undefined: all. */
function tablesOf(at: number): readonly number[] | undefined {
  if (at < 16 || (at >= 2040 && at < 2048)) return undefined
  if (at < 2048) return [at >>> 3, (at >>> 3) - 1]
  if (at < END) {
    const record = RECORDS.findLastIndex((start) => start <= at)
    return PAIRS.slice(Math.max(0, record - 1), record + 1).map(([key]) => hash(key) % 256) // it is looked at from the one before too
  }
  for (let n = 255; ; n--) if (GOOD.readUInt32LE(n * 8) <= at) return [n]
}

t.test('every bit but those of data, one at a time', (t) => {
  const path = `${t.testdir({})}/x`
  writeFileSync(path, GOOD)
  const fd = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  let flips = 0
  for (let at = 0; at < GOOD.length; at++) {
    if (within(at, DATA) || within(at, DATA_LENGTHS)) continue
    const concerned = tablesOf(at)
    const keys = concerned === undefined ? KEYS : KEYS.filter((key) => concerned.includes(hash(key) % 256))
    for (let bit = 1; bit < 256; bit *= 2) {
      byte[0] = GOOD[at]! ^ bit
      writeSync(fd, byte, 0, 1, at)
      const db = opened(path)
      const lie = lies(db, keys) ?? (bit === 1 || at < 16 ? liesInWalk(db, at < 2048 || at >= END) : undefined)
      db.close()
      if (lie !== undefined) t.fail(`bit ${bit} of byte ${at}: ${lie}`)
      flips++
    }
    byte[0] = GOOD[at]!
    writeSync(fd, byte, 0, 1, at)
  }
  closeSync(fd)
  t.ok(flips > 20_000, `${flips} flips`)
  t.end()
})

t.test('every bit of the lengths of data: nearly all show', (t) => {
  const path = `${t.testdir({})}/x`
  writeFileSync(path, GOOD)
  const fd = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  let flips = 0
  let unseen = 0
  for (const [i, [from]] of DATA_LENGTHS.entries()) {
    for (let n = 0; n < 32; n++) {
      const at = from + (n >>> 3)
      byte[0] = GOOD[at]! ^ (1 << (n & 7))
      writeSync(fd, byte, 0, 1, at)
      const db = opened(path)
      flips++
      if (lies(db, [PAIRS[i]![0]]) !== undefined) unseen++
      db.close()
      byte[0] = GOOD[at]!
      writeSync(fd, byte, 0, 1, at)
    }
  }
  closeSync(fd)
  t.ok(unseen <= flips / 50, `${unseen} of ${flips} unseen`)
  t.end()
})

t.test('cut off after any number of bytes, or with more behind', (t) => {
  const path = `${t.testdir({})}/x`
  for (let size = 0; size < GOOD.length; size += size > 2000 && size < 2100 ? 1 : 7) {
    writeFileSync(path, GOOD.subarray(0, size))
    const db = opened(path)
    for (const key of ['', 'k1', 'same', 'none'])
      if (typeof db.get(key) !== 'number') t.fail(`${size} bytes: answer to ${key}`)
    const all = walked(db)
    if (all.length !== 1 || typeof all[0] !== 'number') t.fail(`${size} bytes: walk`)
    db.close()
  }
  writeFileSync(path, Buffer.concat([GOOD, Buffer.alloc(1)]))
  t.type(opened(path).get('k1'), 'number')
  t.end()
})

t.test('damage of any kind', (t) => {
  const path = `${t.testdir({})}/x`
  const pick = random(20261120)
  const slots = (GOOD.length - END) / 8
  const anywhere = (): number => {
    for (;;) {
      const at = [pick(2048), 2048 + pick(END - 2048), END + pick(GOOD.length - END)][pick(3)]!
      if (!within(at, DATA) && !within(at, DATA_LENGTHS)) return at
    }
  }
  const kinds: Array<[string, (file: Buffer) => Buffer]> = [
    [
      'some bytes',
      (file) => {
        for (let n = 1 + pick(8); n > 0; n--) file[anywhere()] = pick(256)
        return file
      },
    ],
    [
      'a slot in the place of another',
      (file) => {
        const from = END + 8 * pick(slots)
        GOOD.copy(file, END + 8 * pick(slots), from, from + 8)
        return file
      },
    ],
    [
      'an entry of the header in the place of another',
      (file) => {
        const from = 8 * pick(256)
        GOOD.copy(file, 8 * pick(256), from, from + 8)
        return file
      },
    ],
    ['a block of zeros in the tables', (file) => file.fill(0, END + pick(GOOD.length - END))],
    ['a block of zeros in the header', (file) => file.fill(0, pick(2048), 2048)],
    ['a block of one byte over the tables', (file) => file.fill(1 + pick(255), END + pick(GOOD.length - END))],
    ['other positions in the slots', (file) => {
      for (let n = 0; n < 10; n++) file.writeUInt32LE(2048 + pick(GOOD.length), END + 8 * pick(slots) + 4)
      return file
    }], // biome-ignore format: like the others
    ['all slots taken', (file) => {
      for (let at = END; at < GOOD.length; at += 8) {
        if (file.readUInt32LE(at + 4) !== 0) continue
        file.writeUInt32LE(pick(2 ** 24) * 256 + pick(256), at)
        file.writeUInt32LE(RECORDS[pick(RECORDS.length)]!, at + 4)
      }
      return file
    }], // biome-ignore format: like the others
    ['a piece missing in the middle', (file) => {
      const at = END + pick(GOOD.length - END)
      return Buffer.concat([file.subarray(0, at), file.subarray(at + 1 + pick(64))])
    }], // biome-ignore format: like the others
    ['random bytes behind a good header', (file) => {
      for (let at = END; at < file.length; at++) file[at] = pick(256)
      return file
    }], // biome-ignore format: like the others
  ]
  let judged = 0
  for (let round = 0; round < 1500; round++) {
    const [name, damage] = kinds[round % kinds.length]!
    const file = damage(Buffer.from(GOOD))
    writeFileSync(path, file)
    const db = opened(path)
    const recordsGood = GOOD.subarray(2048, END).equals(file.subarray(2048, END))
    const lie = lies(db, [...KEYS, ...ABSENT]) ?? liesInWalk(db, recordsGood)
    db.close()
    if (lie !== undefined) t.fail(`round ${round}, ${name}: ${lie}`)
    judged++
  }
  t.equal(judged, 1500)
  t.end()
})

t.test('a table without an empty slot ends the search', (t) => {
  const path = `${t.testdir({})}/x`
  // Every slot of the table of `none` points to a good record with another hash of the same table.
  const table = hash('none') % 256
  let other = 0
  while (hash(`o${other}`) % 256 !== table) other++
  const pair: Pair = [`o${other}`, 'x']
  const { file, end } = build([pair, pair, pair, pair])
  for (let at = end; at < file.length; at += 8) {
    file.writeUInt32LE(hash(pair[0]), at)
    file.writeUInt32LE(2048, at + 4)
  }
  writeFileSync(path, file)
  const db = opened(path)
  t.equal(db.get('none'), undefined)
  t.equal(listed(db.values(pair[0])).length, 8, 'each slot once')
  t.end()
})
