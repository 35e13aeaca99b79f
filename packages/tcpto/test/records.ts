import t from 'tap'
import { afterAnswer, afterTimeout, FORM4, FORM6, type Form, isSkipped, recordOf, recordsOf } from '../src/records.ts'

const NOW = 1_795_000_000

interface Entry {
  readonly ip: readonly number[]
  readonly count: number
  readonly time: number
}

/** A table of these, its unused bytes set, so that it shows if they change. */
function tableOf(form: Form, entries: readonly Entry[]): Uint8Array {
  const table = new Uint8Array(entries.length * form.recordLength).fill(0xee)
  const view = new DataView(table.buffer)
  entries.forEach(({ ip, count, time }, i) => {
    const at = i * form.recordLength
    table.set(ip, at)
    table[at + form.countAt] = count
    view.setUint32(at + form.timeAt, time % 2 ** 32, true)
    if (form.timeLength === 8) view.setUint32(at + form.timeAt + 4, Math.floor(time / 2 ** 32), true)
  })
  return table
}

/** The table with the change made. */
function changed(table: Uint8Array, change: ReturnType<typeof afterTimeout>): Uint8Array {
  const copy = table.slice()
  if (change !== undefined) copy.set(change.bytes, change.offset)
  return copy
}

const shown = (form: Form, table: Uint8Array) =>
  recordsOf(form, table).map(({ address, count, time }) => `${address.at(-1)} ${count} ${time}`)

for (const [name, form] of [
  ['IPv4', FORM4],
  ['IPv6', FORM6],
] as const) {
  const address = (last: number) =>
    Array.from({ length: form.addressLength }, (_, i) => (i === 0 ? 32 : i === form.addressLength - 1 ? last : 1))
  const bytes = (last: number) => Uint8Array.from(address(last))
  const table = (...entries: readonly (readonly [number, number, number])[]) =>
    tableOf(
      form,
      entries.map(([last, count, time]) => ({ ip: address(last), count, time })),
    )

  t.test(`${name}: records`, async (t) => {
    const three = table([1, 2, NOW], [2, 255, 5], [1, 9, 7])
    t.same(shown(form, three), [`1 2 ${NOW}`, '2 255 5', '1 9 7'])
    t.match(recordOf(form, three, bytes(1)), { offset: 0, count: 2 }, 'the first one counts')
    t.equal(recordOf(form, three, bytes(3)), undefined)
    for (let length = 0; length < three.length; length++)
      t.equal(recordsOf(form, three.subarray(0, length)).length, Math.floor(length / form.recordLength))
    t.equal(recordsOf(form, new Uint8Array(100 * form.recordLength)).length, 64)
    t.same(shown(form, three.slice().subarray(form.recordLength)), ['2 255 5', '1 9 7'], 'a view')
  })

  t.test(`${name}: after an answer`, async (t) => {
    const before = table([1, 2, 5], [2, 0, 6], [1, 3, 7])
    t.same(shown(form, changed(before, afterAnswer(form, before, bytes(1)))), ['1 0 5', '2 0 6', '1 3 7'])
    t.equal(afterAnswer(form, before, bytes(2)), undefined)
    t.equal(afterAnswer(form, before, bytes(3)), undefined)
    const change = afterAnswer(form, before, bytes(1))
    t.same(change, { offset: form.countAt, bytes: new Uint8Array(1) })
  })

  t.test(`${name}: after a timeout`, async (t) => {
    const after = (before: Uint8Array, last: number, now = NOW) => {
      const made = changed(before, afterTimeout(form, before, bytes(last), now))
      return shown(form, made)
    }
    t.same(after(table([1, 1, NOW - 120], [2, 0, 0]), 1), [`1 2 ${NOW}`, '2 0 0'])
    t.same(after(table([1, 1, NOW - 119]), 1), [`1 1 ${NOW - 119}`], 'the same outage')
    t.same(after(table([1, 1, NOW + 500]), 1), [`1 1 ${NOW + 500}`])
    t.same(after(table([1, 0, NOW - 1]), 1), [`1 1 ${NOW}`])
    t.same(after(table([1, 10, 5]), 1), [`1 10 ${NOW}`])
    t.same(after(table([1, 255, 5]), 1), [`1 10 ${NOW}`])
    t.same(after(table([1, 3, 9], [2, 0, 8], [3, 0, 0]), 4), ['1 3 9', `4 1 ${NOW}`, '3 0 0'], 'the first free one')
    t.same(after(table([1, 3, 9000], [2, 1, 9000], [3, 5, 1000]), 4), ['1 3 9000', '2 1 9000', `4 1 ${NOW}`])
    t.same(after(table([1, 3, 9000], [2, 1, 9000], [3, 9, 2000]), 4), ['1 3 9000', `4 1 ${NOW}`, '3 9 2000'])
    t.same(after(table([1, 1, 7], [2, 1, 7]), 4), [`4 1 ${NOW}`, '2 1 7'], 'the first of equals')
    t.equal(afterTimeout(form, new Uint8Array(form.recordLength - 1), bytes(1), NOW), undefined)
    const kept = changed(table([1, 1, 5]), afterTimeout(form, table([1, 1, 5]), bytes(1), NOW))
    t.equal(kept[form.countAt + 1], 0xee, 'what is not used stays')
  })
}

t.test('skipping', async (t) => {
  const skipped = (count: number, age: number, pid = 0) =>
    isSkipped({ offset: 0, address: new Uint8Array(4), count, time: NOW - age }, NOW, pid)
  t.notOk(skipped(0, 0))
  t.notOk(skipped(1, 0))
  t.ok(skipped(2, 0))
  t.ok(skipped(2, 64 * 60 - 1))
  t.notOk(skipped(2, 64 * 60))
  t.ok(skipped(2, 64 * 60, 33), 'the pid adds')
  t.ok(skipped(10, 64 * 91 - 1, 31))
  t.notOk(skipped(10, 64 * 91, 31))
  t.ok(skipped(2, -5), 'a time to come')
})

t.test('times', async (t) => {
  const far = 2 ** 33 + 5
  const six = tableOf(FORM6, [{ ip: new Array(16).fill(1), count: 1, time: far }])
  t.equal(recordsOf(FORM6, six)[0]?.time, far)
  const change = afterTimeout(FORM6, six, new Uint8Array(16), far + 7)
  t.equal(recordsOf(FORM6, changed(six, change))[0]?.time, far + 7)
})
