import t from 'tap'
import { abandoned, type Listing, mailboxOf, pathOf, uidOf } from '../src/messages.ts'

const NOW = 2_000_000_000

/** A listing of names with their mtimes and atimes; sizes count up from 1. */
function listing(files: ReadonlyArray<readonly [string, number, number?]>): Listing {
  let end = -1
  return {
    names: Buffer.from(files.map(([name]) => `${name}\0`).join(''), 'latin1'),
    ends: Uint32Array.from(files, ([name]) => (end += name.length + 1)),
    facts: Float64Array.from(files.flatMap(([, mtime, atime = 0], i) => [i + 1, atime, mtime])),
  }
}

const paths = (fresh: Listing, seen: Listing): string[] => mailboxOf(fresh, seen, NOW).messages().map(pathOf)

t.test('order: by second, then by name, across both directories', async (t) => {
  const fresh = listing([
    ['z', 5],
    ['b', 7.9],
    ['d', 7],
    ['old', -3_000_000_000],
  ])
  const seen = listing([
    ['a:2,S', 9],
    ['c:2,', 7.1],
    ['\xff', 7],
    ['B', 7.2],
  ])
  t.same(paths(fresh, seen), ['new/old', 'new/z', 'cur/B', 'new/b', 'cur/c:2,', 'new/d', 'cur/\xff', 'cur/a:2,S'])
})

t.test('what is no message', async (t) => {
  const fresh = listing([
    ['.', 1],
    ['.hidden', 1],
    ['gone', Number.NaN],
    ['now', NOW],
    ['now.5', NOW + 0.5],
    ['later', NOW + 10],
    ['just', NOW - 1 + 0.999],
  ])
  t.same(paths(fresh, listing([])), ['new/just'])
  t.same(paths(listing([]), listing([])), [])
})

t.test('a message', async (t) => {
  const [message] = mailboxOf(listing([]), listing([['1.a:2,S:x', 3]]), NOW).messages()
  t.same(message, { name: '1.a:2,S:x', fresh: false, size: 1, deleted: false })
  t.equal(message && uidOf(message), '1.a')
  t.equal(uidOf({ name: 'plain', fresh: true, size: 0, deleted: false }), 'plain')
  t.equal(uidOf({ name: ':2,', fresh: true, size: 0, deleted: false }), '')
})

t.test('a count that needs no order', async (t) => {
  const fresh = listing([
    ['a', 3],
    ['.b', 3],
    ['c', NOW],
  ])
  const mailbox = mailboxOf(fresh, listing([['d', 4]]), NOW)
  t.match(mailbox, { count: 2, bytes: 2 })
  t.same(mailbox.messages().map(pathOf), ['new/a', 'cur/d'])
  t.equal(mailbox.messages(), mailbox.messages(), 'found once')
})

t.test('like a plain sort', async (t) => {
  let seed = 7
  const next = (n: number): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >>> 8) % n
  }
  for (let round = 0; round < 50; round++) {
    const files = Array.from({ length: 1 + next(400) }, (_, i) => [`${next(1000)}.${i}`, next(round + 1)] as const)
    const middle = next(files.length)
    const [fresh, seen] = [files.slice(0, middle), files.slice(middle)]
    const wanted = [...fresh.map((file) => [...file, 'new']), ...seen.map((file) => [...file, 'cur'])]
      .sort(([a = '', m = 0], [b = '', n = 0]) => Number(m) - Number(n) || (a < b ? -1 : 1))
      .map(([name, , directory]) => `${directory}/${name}`)
    t.same(paths(listing(fresh), listing(seen)), wanted)
  }
})

t.test('100,000 messages of one second', async (t) => {
  const files = Array.from({ length: 100_000 }, (_, i) => [`${99_999 - i}`, 5] as const)
  const found = mailboxOf(listing(files), listing([]), NOW).messages()
  t.equal(found.length, 100_000)
  t.equal(found[1]?.name, '1')
  t.equal(found[2]?.name, '10')
})

t.test('what failed deliveries have left', async (t) => {
  const tmp = listing([
    ['old', NOW, NOW - 129601],
    ['young', NOW, NOW - 129599],
    ['.old', NOW, 0],
    ['gone', NOW, Number.NaN],
    ['edge', NOW, NOW - 129600],
    ['\xff', NOW, 5],
  ])
  t.same(abandoned(tmp, NOW), ['old', '\xff'])
})
