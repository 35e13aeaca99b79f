import t from 'tap'
import { parseOrder } from '../src/order.ts'

const order = (line: string) => parseOrder(line.split(' ').filter(Boolean))

t.test('orders', async (t) => {
  const plain = { host: 'h', sender: 's', recipients: ['r'], filters: [] as unknown[] }
  t.same(order('h s r'), plain)
  t.same(order('h s r --'), plain)
  t.same(order('h s r -- f'), { ...plain, filters: [['f']] })
  t.same(order('h s r q -- f a -- g'), { ...plain, recipients: ['r', 'q'], filters: [['f', 'a'], ['g']] })
  t.same(parseOrder(['', '', '']), { host: '', sender: '', recipients: [''], filters: [] })
  t.same(parseOrder(['h', 's', 'r', '--', '']), { ...plain, filters: [['']] }, 'an empty word is a word')
})

t.test('the first three words are what they are', async (t) => {
  t.same(order('-- -- --'), { host: '--', sender: '--', recipients: ['--'], filters: [] })
  t.same(order('-- -- -- -- f'), { host: '--', sender: '--', recipients: ['--'], filters: [['f']] })
})

t.test('no orders', async (t) => {
  for (const line of [
    '',
    'h',
    'h s',
    'h s r -- --',
    'h s r -- f --',
    'h s r -- -- f',
    'h s r -- f -- -- g',
    'h s r -- f -- --',
  ])
    t.equal(order(line), undefined, line)
})
