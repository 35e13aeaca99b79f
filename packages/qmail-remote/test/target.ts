import t from 'tap'
import { byPreference, ownAddresses, plainAddress, type Target, withoutOwn, withoutZeros } from '../src/target.ts'

const target = (ip: string, preference = 0): Target => ({ ip, name: 'n', preference })

/** Draws these numbers, one after the other. */
function drawing(numbers: readonly number[]): (limit: number) => number {
  const rest = [...numbers]
  return (limit) => {
    const number = rest.shift() ?? 0
    t.ok(number < limit)
    return number
  }
}

t.test('addresses', async (t) => {
  t.equal(plainAddress('192.0.2.1'), '192.0.2.1')
  t.equal(plainAddress('2001:DB8:0:0::1'), '2001:db8::1')
  t.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(plainAddress('::ffff:c000:201'), '192.0.2.1')
  t.equal(plainAddress('::ffff:0:192.0.2.1')?.includes('::ffff:0:'), true, 'translated, not mapped')
  t.equal(plainAddress('010.000.002.099'), '10.0.2.99', 'zeros in front')
  t.equal(withoutZeros('[010.0.0.1]'), '[10.0.0.1]')
  for (const name of ['00.example', '01.2.3', '01.2.3.4.5', '01.2.3.4.']) t.equal(withoutZeros(name), name)
  for (const text of ['', '192.0.2', '192.0.2.256', 'a.example', '[::1]', '192.0.2.0/24', '::1%lo'])
    t.equal(plainAddress(text), undefined, text)
})

t.test('order', async (t) => {
  const list = ['a', 'b', 'c'].map((name) => ({ name, preference: 5 }))
  const orders = [0, 1, 2].flatMap((first) =>
    [0, 1].map((second) =>
      byPreference(list, drawing([first, second]))
        .map(({ name }) => name)
        .join(''),
    ),
  )
  t.same(orders.sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba'], 'each order comes from one draw')

  const mixed = [20, 10, 65535, 10, 0].map((preference, i) => ({ i, preference }))
  for (let draw = 0; draw < 20; draw++) {
    const order = byPreference(mixed, (limit) => Math.floor(Math.random() * limit)).map(({ preference }) => preference)
    t.same(order, [0, 10, 10, 20, 65535])
  }
  t.same(byPreference([], drawing([])), [])
  t.equal(mixed[0]?.preference, 20, 'the list itself stays as it is')
})

t.test('own addresses', async (t) => {
  const own = ownAddresses(['127.0.0.1', '::1', '2001:DB8::5', '::ffff:192.0.2.7'])
  t.same([...own].sort(), ['0.0.0.0', '127.0.0.1', '192.0.2.7', '2001:db8::5', '::', '::1'])
})

t.test('without own', async (t) => {
  const own = ownAddresses(['127.0.0.1'])
  const left = (...targets: Target[]) => withoutOwn(targets, own).map(({ ip, preference }) => `${ip} ${preference}`)
  t.same(left(target('192.0.2.1', 10), target('192.0.2.2', 20)), ['192.0.2.1 10', '192.0.2.2 20'])
  t.same(left(target('192.0.2.1', 10), target('127.0.0.1', 20), target('192.0.2.3', 20), target('192.0.2.4', 30)), [
    '192.0.2.1 10',
  ])
  t.same(left(target('192.0.2.1', 10), target('127.0.0.1', 10)), [], 'equal is not better')
  t.same(left(target('127.0.0.1', 20), target('0.0.0.0', 10), target('192.0.2.1', 5)), ['192.0.2.1 5'])
  t.same(left(target('127.0.0.1')), [])
  t.same(left(), [])
})
