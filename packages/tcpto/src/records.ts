/** Which hosts not to try for now, and what is written about a try: the records of the two tables. Pure. */

/** Where the parts of a record are; numbers have their lowest byte first, what lies between is not used. */
export interface Form {
  readonly recordLength: number
  /** Of the address, with which a record begins. */
  readonly addressLength: 4 | 16
  /** Where the count of recent timeouts is, one byte. */
  readonly countAt: number
  /** Where the time of the last one is that was counted, in seconds since 1970. */
  readonly timeAt: number
  readonly timeLength: 4 | 8
}

/** queue/lock/tcpto, the same for all of qmail's descendants. */
export const FORM4: Form = { recordLength: 16, addressLength: 4, countAt: 4, timeAt: 8, timeLength: 4 }

/** run/qmail-remote/tcpto6 */
export const FORM6: Form = { recordLength: 28, addressLength: 16, countAt: 16, timeAt: 20, timeLength: 8 }

/** No more records of a table are looked at; a new table has so many. */
export const MOST_RECORDS = 64

/** So many timeouts, and a host is left alone for a while: 64 to 97 minutes. */
const ENOUGH = 2
const MOST_COUNTED = 10
/** Seconds in which timeouts count as one. */
const SAME = 120
/** Seconds; one more timeout weighs as much as that when the least useful record is looked for. */
const WEIGHT = 1024

export interface TimeoutRecord {
  /** Where it begins in the table. */
  readonly offset: number
  readonly address: Uint8Array
  readonly count: number
  readonly time: number
}

/** A change of the table: these bytes at this offset. */
export interface Change {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** The whole records of a table, in order. */
export function recordsOf({ recordLength, addressLength, countAt, timeAt, timeLength }: Form, table: Uint8Array) {
  const count = Math.min(MOST_RECORDS, Math.floor(table.length / recordLength))
  const view = new DataView(table.buffer, table.byteOffset, table.length)
  return Array.from({ length: count }, (_, i): TimeoutRecord => {
    const offset = i * recordLength
    const high = timeLength === 8 ? view.getUint32(offset + timeAt + 4, true) : 0
    return {
      offset,
      address: table.subarray(offset, offset + addressLength),
      count: view.getUint8(offset + countAt),
      time: high * 0x1_0000_0000 + view.getUint32(offset + timeAt, true),
    }
  })
}

/** The first record of an address; undefined if the table has none. */
export function recordOf(form: Form, table: Uint8Array, address: Uint8Array): TimeoutRecord | undefined {
  return recordsOf(form, table).find((record) => record.address.every((byte, i) => byte === address[i]))
}

/** True if the host is to be left alone at this time (seconds); the pid spreads the next tries of many processes. */
export function isSkipped({ count, time }: TimeoutRecord, now: number, pid: number): boolean {
  return count >= ENOUGH && now - time < 64 * (60 + (pid & 31))
}

/** What to write when the host has answered in any way; undefined: nothing. The time stays. */
export function afterAnswer(form: Form, table: Uint8Array, address: Uint8Array): Change | undefined {
  const record = recordOf(form, table, address)
  return record === undefined || record.count === 0
    ? undefined
    : { offset: record.offset + form.countAt, bytes: new Uint8Array(1) }
}

/** What to write when the host has not answered in time; undefined: nothing. */
export function afterTimeout(form: Form, table: Uint8Array, address: Uint8Array, now: number): Change | undefined {
  const known = recordOf(form, table, address)
  if (known !== undefined && known.count > 0 && now < known.time + SAME) return undefined
  const record = known ?? leastUseful(form, table)
  if (record === undefined) return undefined
  const bytes = table.slice(record.offset, record.offset + form.recordLength)
  const view = new DataView(bytes.buffer)
  bytes.set(address)
  bytes[form.countAt] = known === undefined ? 1 : Math.min(known.count + 1, MOST_COUNTED)
  view.setUint32(form.timeAt, now % 0x1_0000_0000, true)
  if (form.timeLength === 8) view.setUint32(form.timeAt + 4, now / 0x1_0000_0000, true)
  return { offset: record.offset, bytes }
}

/** The record that gives way to a new one; undefined in a table without any. */
function leastUseful(form: Form, table: Uint8Array): TimeoutRecord | undefined {
  const records = recordsOf(form, table)
  const weight = ({ time, count }: TimeoutRecord): number => time + WEIGHT * count
  return (
    records.find(({ count }) => count === 0) ??
    records.reduce(
      (least: TimeoutRecord | undefined, one) => (least && weight(least) <= weight(one) ? least : one),
      undefined,
    )
  )
}
