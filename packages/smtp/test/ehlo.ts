import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { parseKeywords, sizeLimit } from '../src/ehlo.ts'
import { parseReply } from '../src/reply.ts'

const keywords = (text: string) => parseKeywords(parseReply(bytes(text)))

t.test('keywords', async (t) => {
  t.same(
    [...keywords('250-SIZE 1\r\n250-size 20\r\n250-8bitMIME\r\n250-AUTH=LOGIN\r\n250 auth plain \t\r\n')],
    [
      ['SIZE', '20'],
      ['8BITMIME', ''],
      ['AUTH', 'LOGIN plain'],
    ],
    'the first line is no keyword, case is ignored, the last line counts, the same keyword twice',
  )
  t.same([...keywords('250 SIZE 1\n')], [])
  t.same([...keywords('250-x\n250-\n250 \n')], [])
  t.same([...keywords('250-x\n250 PIPELININGX\n').keys()], ['PIPELININGX'])
  const many = Array.from({ length: 20_000 }, (_, i) => `250-X${i} y\n`).join('')
  t.ok(keywords(`${many}250 SIZE\n`).has('SIZE'), 'beyond what a report quotes')
})

t.test('limits of size', async (t) => {
  const limit = (line: string) => sizeLimit(keywords(`250-x\r\n250 ${line}\r\n`))
  t.equal(limit('SIZE'), Number.POSITIVE_INFINITY)
  t.equal(limit('SIZE 0'), Number.POSITIVE_INFINITY)
  t.equal(limit('size=00'), Number.POSITIVE_INFINITY)
  t.equal(limit('SIZE 1000'), 1000)
  t.equal(limit(`SIZE ${'9'.repeat(400)}`), Number.POSITIVE_INFINITY)
  for (const junk of ['SIZE x', 'SIZE -1', 'SIZE 1k', 'SIZE 1 2', 'SIZE 0x10', 'SIZE 1.5', 'SIZES 1', 'X'])
    t.equal(limit(junk), undefined, junk)
})
