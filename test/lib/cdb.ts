/** Decides the bytes of a constant database, so that a case can hold one without the package it tests. */

/** The file for these keys and values, in this order. */
export function cdb(pairs: ReadonlyArray<readonly [Buffer, Buffer]>): Buffer {
  const slots: Array<Array<readonly [number, number]>> = Array.from({ length: 256 }, () => [])
  const records: Buffer[] = []
  let end = 2048
  for (const [key, value] of pairs) {
    const hash = hashOf(key)
    slots[hash & 255]?.push([hash, end])
    const record = Buffer.concat([words([key.length, value.length]), key, value])
    records.push(record)
    end += record.length
  }
  const head: number[] = []
  const tables: Buffer[] = []
  for (const slot of slots) {
    head.push(end, slot.length * 2)
    const table = tableOf(slot)
    tables.push(table)
    end += table.length
  }
  return Buffer.concat([words(head), ...records, ...tables])
}

/** Twice as many places as keys; a key whose place is taken has the next free one. */
function tableOf(slot: ReadonlyArray<readonly [number, number]>): Buffer {
  const places = slot.length * 2
  const table = new Array<number>(places * 2).fill(0)
  for (const [hash, position] of slot) {
    let place = (hash >>> 8) % places
    while (table[place * 2 + 1] !== 0) place = (place + 1) % places
    table[place * 2] = hash
    table[place * 2 + 1] = position
  }
  return words(table)
}

function hashOf(key: Buffer): number {
  let hash = 5381
  for (const byte of key) hash = (((hash << 5) + hash) ^ byte) >>> 0
  return hash
}

function words(numbers: readonly number[]): Buffer {
  const out = Buffer.alloc(numbers.length * 4)
  numbers.forEach((n, i) => {
    out.writeUInt32LE(n, i * 4)
  })
  return out
}
