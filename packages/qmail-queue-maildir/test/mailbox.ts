import t from 'tap'
import { distinct, keysOf, maildirsOf, type Recipient, recipientOf, refusalText } from '../src/mailbox.ts'

const of = (address: string) => recipientOf(address, 'me.example') as Recipient
const list = (...lines: string[]) => ({
  entries: () => lines,
  value: (key: string) =>
    lines
      .findLast((line) => line.slice(0, line.indexOf(':')).toLowerCase() === key.toLowerCase())
      ?.slice(key.length + 1),
})

t.test('recipientOf', async (t) => {
  t.same(of('a@b@C'), { address: 'a@b@C', local: 'a@b', domain: 'C' })
  t.same(of('a'), { address: 'a', local: 'a', domain: 'me.example' })
  t.same(of(''), { address: '', local: '', domain: 'me.example' })
  t.same(of('a@'), { address: 'a@', local: 'a', domain: '' })
  t.equal(recipientOf('a', undefined), undefined)
})

t.test('distinct', async (t) => {
  const all = ['a@b', 'A@B', 'b@b', 'a', 'A@Me.example', 'a\xc4@b', 'a\xe4@b'].map(of)
  t.same(
    distinct(all).map(({ address }) => address),
    ['a@b', 'b@b', 'a', 'a\xc4@b', 'a\xe4@b'],
  )
})

t.test('keys, in order', async (t) => {
  t.same([...keysOf(of('u-x-Y@d'))], ['u-x-Y@d', 'u-x-Y', 'u-x@d', 'u-x', 'u@d', 'u', '@d', '@'])
  t.same([...keysOf(of('-x@d'))], ['-x@d', '-x', '@d', '@'])
  t.same([...keysOf(of('u-@d'))], ['u-@d', 'u-', 'u@d', 'u', '@d', '@'])
  t.same([...keysOf(of('@d'))], ['@d', '@'])
})

t.test('the Maildir', async (t) => {
  const entries = ['a@x:1', 'a:2', '@x:3', '@:4', 'no@x:', 'no:5', 'c:d:e', 'UP@x:6', 'no colon', 'twice:7', 'twice:8']
  const expected: Record<string, string | undefined> = {
    'a@x': '1',
    'a-b@x': '1',
    'a@y': '2',
    'b@x': '3',
    'b@y': '4',
    'no@x': undefined,
    'no@y': '5',
    'up@X': '6',
    'c:d@y': '4',
    'c@y': 'd:e',
    'twice@y': '8',
  }
  const few = (address: string) => maildirsOf(list(...entries))(of(address))
  const many = maildirsOf(list(...entries))
  for (let i = 0; i < 20; i++) many(of('other@y'))
  for (const [address, path] of Object.entries(expected)) {
    t.equal(few(address), path, address)
    t.equal(many(of(address)), path, `${address}, by the index`)
  }
  t.equal(maildirsOf(list())(of('a@x')), undefined)
})

t.test('texts', async (t) => {
  t.equal(refusalText('unknown', 'b@a'), 'Dsorry, no mailbox here by that name: b@a (#5.1.1)')
  t.equal(refusalText('notLocal', 'a \r\n\0\xff@b'), 'Dsorry, I cannot deliver to a?????@b from here (#5.7.1)')
  for (const refusal of ['notLocal', 'unknown', 'looping', 'tooManyHops'] as const)
    t.ok(refusalText(refusal, 'x'.repeat(1002)).length <= 255, refusal)
  t.match(refusalText('unknown', 'x'.repeat(1002)), `: ${'x'.repeat(120)} (`)
})
