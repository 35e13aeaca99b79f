import t from 'tap'
import {
  canBeRecord,
  endOfRecords,
  firstSlot,
  HEADER_SIZE,
  hashOf,
  hasRoom,
  layOut,
  MAX_SIZE,
  PAIR,
  placeOf,
  putPair,
  tableAt,
  tableNumber,
  uint32,
} from '../src/format.ts'
import { build, hash, manyPairs } from './lib/reference.ts'

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

t.test('hash', (t) => {
  t.equal(hashOf(latin1('')), 5381)
  t.equal(hashOf(latin1('one')), 0x0b875b81, 'as cdbmake stores it')
  t.equal(hashOf(latin1('two')), 0x0b876029)
  for (const key of ['\0', '\xff\xff\xff\xff\xff', 'x'.repeat(1000), 'Mail.Example.Org'])
    t.equal(hashOf(latin1(key)), hash(key), `${key.length} bytes`)
  t.equal(hashOf(latin1('[one]'), 1, 4), hashOf(latin1('one')), 'a range')
  t.equal(hashOf(latin1('e'), 0, 1, hashOf(latin1('on'))), hashOf(latin1('one')), 'piece by piece')
  t.end()
})

t.test('32-bit numbers', (t) => {
  const bytes = new Uint8Array(10)
  for (const n of [0, 1, 255, 256, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]) {
    putPair(bytes, 1, n, 0xffffffff - n)
    t.equal(uint32(bytes, 1), n)
    t.equal(uint32(bytes, 5), 0xffffffff - n)
    t.equal(bytes[0], 0)
    t.equal(bytes[9], 0)
  }
  t.end()
})

t.test('tables and slots of a hash', (t) => {
  t.equal(tableNumber(0xffffff01), 1)
  t.equal(firstSlot(0xffffffff, 0xffffff), 0)
  t.equal(firstSlot(0xffffffff, 1000), 0xffffff % 1000)
  t.equal(firstSlot(255, 7), 0)
  t.end()
})

t.test('header', (t) => {
  const { file, end } = build(manyPairs(300))
  const header = Uint8Array.from(file.subarray(0, HEADER_SIZE))
  t.equal(endOfRecords(header, file.length), end)
  t.equal(endOfRecords(header, file.length - 1), undefined, 'end cut off')
  t.equal(endOfRecords(header, file.length + 1), undefined, 'something behind')
  t.equal(endOfRecords(new Uint8Array(HEADER_SIZE), HEADER_SIZE), undefined, 'zeros')
  for (let n = 0; n < 256; n++) {
    const expected = { position: file.readUInt32LE(n * 8), slots: file.readUInt32LE(n * 8 + 4) }
    t.same(tableAt(header, n, file.length), expected, `table ${n}`)
  }
  for (let at = 0; at < HEADER_SIZE; at++) {
    for (let bit = 1; bit < 256; bit *= 2) {
      header[at]! ^= bit
      if (tableAt(header, at >>> 3, file.length) !== undefined) t.fail(`bit ${bit} of byte ${at}`)
      header[at]! ^= bit
    }
  }

  const empty = build([]).file
  t.equal(endOfRecords(empty, HEADER_SIZE), HEADER_SIZE, 'no records')
  t.same(tableAt(empty, 255, HEADER_SIZE), { position: HEADER_SIZE, slots: 0 })

  putPair(header, 80, 0x80000000, 3)
  putPair(header, 88, 0x80000018, 3)
  t.equal(tableAt(header, 10, file.length), undefined, 'two entries that agree, beyond the end')
  const edge = Uint8Array.from(empty)
  for (let at = 0; at < HEADER_SIZE; at += PAIR) putPair(edge, at, HEADER_SIZE - 1, 0)
  t.equal(endOfRecords(edge, HEADER_SIZE - 1), undefined, 'records would end within the header')
  t.end()
})

t.test('where a record can begin', (t) => {
  t.equal(canBeRecord(HEADER_SIZE - 1, 4096), false)
  t.equal(canBeRecord(HEADER_SIZE, 4096), true)
  t.equal(canBeRecord(4096 - PAIR, 4096), true)
  t.equal(canBeRecord(4096 - PAIR + 1, 4096), false)
  t.equal(canBeRecord(HEADER_SIZE, HEADER_SIZE), false)
  t.equal(canBeRecord(0xffffffff, 0xfffffff0), false)
  t.end()
})

t.test('place of a record', (t) => {
  const head = new Uint8Array(PAIR)
  putPair(head, 0, 3, 5)
  t.same(placeOf(head, 2048, 4096), { key: 2056, data: 2059, next: 2064 })
  t.same(placeOf(head, 2048, 2064)?.next, 2064, 'up to the end')
  t.equal(placeOf(head, 2048, 2063), undefined, 'a byte beyond it')
  putPair(head, 0, 0, 0)
  t.same(placeOf(head, 2048, 2056), { key: 2056, data: 2056, next: 2056 })
  putPair(head, 0, 0xffffffff, 0xffffffff)
  t.equal(placeOf(head, 2048, MAX_SIZE), undefined, 'the sum has more than 32 bits')
  t.end()
})

t.test('room for a record', (t) => {
  // What is left for key and data of a first record: all but the header, its head and two slots.
  const left = MAX_SIZE - HEADER_SIZE - PAIR - 2 * PAIR
  t.equal(hasRoom(HEADER_SIZE, 0, left, 0), true)
  t.equal(hasRoom(HEADER_SIZE, 0, left + 1, 0), false)
  t.equal(hasRoom(HEADER_SIZE, 0, left - 10, 11), false)
  t.equal(hasRoom(HEADER_SIZE, 1, left - 16, 0), true, 'tables of the records before count too')
  t.equal(hasRoom(HEADER_SIZE, 1, left - 15, 0), false)
  t.end()
})

/** The table as the description of the format has it: probe until a slot is free. */
function plainly(pairs: readonly number[]): Buffer {
  const slots = pairs.length
  const table = Buffer.alloc(slots * 8)
  for (let i = 0; i < pairs.length; i += 2) {
    let slot = Math.floor(pairs[i]! / 256) % slots
    while (table.readUInt32LE(slot * 8 + 4) !== 0) slot = (slot + 1) % slots
    table.writeUInt32LE(pairs[i]!, slot * 8)
    table.writeUInt32LE(pairs[i + 1]!, slot * 8 + 4)
  }
  return table
}

t.test('layout of a table', (t) => {
  t.equal(layOut(new Uint32Array(0), 0).length, 0)
  const cases: Array<[string, number[]]> = [
    ['one', [0xffffffff, 2048]],
    ['all equal', Array.from({ length: 64 }, (_, i) => (i % 2 ? 2048 + i : 77 * 256))],
    ['all in the last slot', Array.from({ length: 64 }, (_, i) => (i % 2 ? 2048 + i : 63 * 256))],
    ['two runs that meet', Array.from({ length: 80 }, (_, i) => (i % 2 ? 2048 + i : (i % 4 ? 70 : 75) * 256))],
    ['scattered', Array.from({ length: 600 }, (_, i) => (i % 2 ? 2048 + i : (i * 2654435761) % 4294967296))],
  ]
  for (const [name, pairs] of cases) {
    const list = new Uint32Array(pairs.length + 10).fill(99)
    list.set(pairs)
    t.ok(plainly(pairs).equals(layOut(list, pairs.length / 2)), name)
  }
  t.end()
})
