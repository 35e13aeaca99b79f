import t from 'tap'
import { takeApart, unfold } from '../src/fields.ts'

/** What was made of a header: the kept parts as text, the values of dates and of lists that are not empty. */
function taken(header: string): Record<string, unknown> {
  const { top, id, other, dates, lists } = takeApart(header)
  const texts = (ranges: readonly number[]) => {
    const out: string[] = []
    for (let i = 0; i < ranges.length; i += 2) out.push(header.slice(ranges[i], ranges[i + 1]))
    return out
  }
  const values = Object.entries(lists).filter(([, ranges]) => ranges.length > 0)
  return {
    top: texts(top).join(''),
    id: texts(id).join(''),
    other: texts(other).join(''),
    dates: texts(dates),
    lists: Object.fromEntries(values.map(([name, ranges]) => [name, texts(ranges)])),
  }
}

t.test('every kind', async (t) => {
  const top = ['Received', 'Delivered-To', 'Errors-To', 'Return-Receipt-To', 'Resent-Sender', 'Resent-From']
  const resent = ['Resent-Reply-To', 'Resent-To', 'Resent-Cc', 'Resent-Date', 'Resent-Message-ID']
  const lists = ['From', 'Sender', 'Reply-To', 'Mail-Reply-To', 'Mail-Followup-To', 'To', 'Cc']
  const dropped = ['Bcc', 'Resent-Bcc', 'Return-Path', 'Apparently-To', 'Content-Length']
  const notice = 'Notice-Requested-Upon-Delivery-To'
  const line = (name: string) => `${name}: x\n`
  for (const change of [(s: string) => s, (s: string) => s.toLowerCase(), (s: string) => s.toUpperCase()]) {
    for (const name of [...top, ...resent].map(change)) t.equal(taken(line(name))['top'], line(name))
    for (const name of [...lists, notice])
      t.same(taken(line(change(name)))['lists'], { [name]: [' x\n'] }, change(name))
    for (const name of dropped.map(change))
      t.same(taken(line(name)), { top: '', id: '', other: '', dates: [], lists: {} }, name)
    t.equal(taken(line(change('Message-ID')))['id'], line(change('Message-ID')))
    t.same(taken(line(change('Date')))['dates'], [' x\n'])
  }
})

t.test('names are whole', async (t) => {
  for (const name of ['F', 'T', 'Re', 'Content', 'Mail', 'B', 'Fromm', 'Received-SPF', 'x'.repeat(5000), 'constructor'])
    t.equal(taken(`${name}: x\n`)['other'], `${name}: x\n`, name)
  t.same(taken('To \t: x\n')['lists'], { To: [' x\n'] })
})

t.test('order and folding are kept', async (t) => {
  t.same(taken('X: 1\n 2\nReceived: a\n\tb\nY : 3\nTo:a,\n b\nDate:\n z\nTo: c\nMessage-id: m\n m\nX: 4\n'), {
    top: 'Received: a\n\tb\n',
    id: 'Message-id: m\n m\n',
    other: 'X: 1\n 2\nY : 3\nX: 4\n',
    dates: ['\n z\n'],
    lists: { To: ['a,\n b\n', ' c\n'] },
  })
})

t.test('what continues no field is left out', async (t) => {
  t.same(taken(' 1 Jan\n\t2\nX: 1\n'), { top: '', id: '', other: 'X: 1\n', dates: [], lists: {} })
  t.same(taken(' only\n')['other'], '')
  t.same(taken('')['other'], '')
})

t.test('fields next to each other take no memory each', async (t) => {
  t.same(takeApart('X: 1\n'.repeat(1000)).other, [0, 5000])
  t.same(takeApart('X: 1\nBcc: x\nX: 2\n').other, [0, 5, 12, 17])
})

t.test('unfold', async (t) => {
  t.equal(unfold('To: a\n b\n\tc\n', 3, 12), ' a b\tc')
  t.equal(unfold('To: a\0\n b\n', 3, 9), ' a\n b')
})
