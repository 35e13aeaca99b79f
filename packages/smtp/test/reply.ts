import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { endsReply, NONSENSE, parseReply, quoteReply } from '../src/reply.ts'

const parse = (text: string) => parseReply(bytes(text))

t.test('codes', async (t) => {
  for (const code of [200, 220, 299, 354, 400, 421, 499, 500, 599]) t.equal(parse(`${code} x\n`).code, code)
  for (const text of [
    '199 x\n',
    '600 x\n',
    '000 x\n',
    '999 x\n',
    'abc x\n',
    '25\n',
    '2\n',
    '\n',
    ' 250 x\n',
    '25x y\n',
  ])
    t.equal(parse(text).code, NONSENSE, JSON.stringify(text))
  t.equal(parse('250\n').code, 250, 'nothing after the code')
  t.equal(parse('250x\n').code, 250, 'anything after the code')
  t.equal(parse('250\0\n').code, 250)
  t.equal(parse('2\r50 x\r\n').code, 250, 'CR is ignored everywhere')
})

t.test('several lines', async (t) => {
  t.same(parse('250-a\r\n250 b\r\n'), { code: 250, text: '250-a\n250 b\n' })
  t.equal(parse('250-a\n550 b\n').code, NONSENSE, 'two codes')
  t.equal(parse('550-a\n250 b\n').code, NONSENSE)
  t.equal(parse('250-a\n25\n').code, NONSENSE)
  t.equal(parse('250-a\n\n').code, NONSENSE)
  t.equal(parse('abc-a\nabc b\n').code, NONSENSE)
})

t.test('where a reply ends', async (t) => {
  const ends = (line: string) => endsReply(bytes(line), 0, line.length)
  for (const line of ['250 x', '250', '25', '', '250x', '250\0', '250\r', '\r', 'abcd-'])
    t.ok(ends(line), JSON.stringify(line))
  for (const line of ['250-x', '250-', 'abc-', '250\r-x', '\r250-']) t.notOk(ends(line), JSON.stringify(line))
})

t.test('quotations', async (t) => {
  t.equal(quoteReply(parse('550-a\r\n550 \xe9\0\t\x7f\r\n')), 'Remote host said: 550-a\n550 \xe9?\t\x7f\n')
  t.equal(quoteReply(parse('\n')), 'Remote host said: \n')
  t.equal(quoteReply({ code: 250, text: '' }), '')
  const long = `250 ${'z'.repeat(1_000_000)}\n`
  t.equal(quoteReply(parse(long)), `Remote host said: ${long.slice(0, 5000)}`)
  const exact = `250 ${'z'.repeat(4995)}\n`
  t.equal(quoteReply(parse(exact)), `Remote host said: ${exact}`)
  t.equal(quoteReply(parse(`250 \r${'z\r'.repeat(4995)}\n`)), `Remote host said: ${exact}`, 'CRs do not count')
})
