import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { type BareLf, type Body, newBody, unstuff } from '../src/data.ts'

interface Result {
  readonly state: Body['state']
  readonly stored: string
  readonly left: string
  readonly hops: number
  readonly size: number
}

/** Feeds the pieces as a connection would: what is held back comes again with the next piece behind it. */
function feed(pieces: readonly string[], bareLf: BareLf = 'refused'): Result {
  const body = newBody(bareLf)
  let stored = ''
  let held = ''
  for (const piece of pieces) {
    const chunk = bytes(held + piece)
    if (body.state !== 'open') {
      held += piece
      continue
    }
    const result = unstuff(body, chunk)
    stored += latin1(chunk, 0, result.stored)
    held = latin1(chunk, result.taken)
  }
  return { state: body.state, stored, left: held, hops: body.hops, size: body.size }
}

/** The same by the table of states, byte for byte: slow and plain. */
function byTable(text: string): Omit<Result, 'hops' | 'size'> {
  let stored = ''
  let line = ''
  for (let i = 0; i < text.length; i++) {
    line += text.charAt(i)
    if (!line.endsWith('\n')) continue
    if (!line.endsWith('\r\n')) return { state: 'stray', stored: stored + unstuffed(line.slice(0, -1)), left: '' }
    if (line === '.\r\n') return { state: 'ended', stored, left: text.slice(i + 1) }
    stored += `${unstuffed(line.slice(0, -2))}\n`
    line = ''
  }
  return { state: 'open', stored: stored + unstuffed(line), left: '' }
}

/** Likewise where a bare LF ends a line. */
function byLenientTable(text: string): Omit<Result, 'hops' | 'size'> {
  let stored = ''
  let line = ''
  let bareBefore = false
  for (let i = 0; i < text.length; i++) {
    line += text.charAt(i)
    if (!line.endsWith('\n')) continue
    const bare = !line.endsWith('\r\n')
    const content = line.slice(0, bare ? -1 : -2)
    if (content === '.') return { state: bare || bareBefore ? 'stray' : 'ended', stored, left: text.slice(i + 1) }
    stored += `${content.replace(/^\./, '')}\n`
    line = ''
    bareBefore = bare
  }
  return { state: 'open', stored: stored + line.replace(/^\./, ''), left: '' }
}

const unstuffed = (line: string): string => (line.startsWith('.') && line[1] !== '\r' ? line.slice(1) : line)

t.test('what is stored and where it ends', async (t) => {
  for (const [wire, stored, left] of [
    ['.\r\nQUIT\r\n', '', 'QUIT\r\n'],
    ['a\r\n.\r\n', 'a\n', ''],
    ['a\r\n..\r\n...\r\n.x\r\n.\r\n', 'a\n.\n..\nx\n', ''],
    ['a\rb\r\n.\r\n', 'a\rb\n', ''],
    ['a\r\r\n.\r\n', 'a\r\n', ''],
    ['.\rx\r\n.\r\n', '.\rx\n', ''],
    ['.\r\r\n.\r\n', '.\r\n', ''],
    ['\r.\r\n.\r\n', '\r.\n', ''],
    ['\0\xff\r\n.\r\n', '\0\xff\n', ''],
    ['\r\n\r\n.\r\n.\r\n', '\n\n', '.\r\n'],
  ] as const) {
    const result = feed([wire])
    t.match(result, { state: 'ended', stored, left, size: stored.length }, JSON.stringify(wire))
  }
})

t.test('nothing else ends a message, and a LF alone stops it', async (t) => {
  for (const wire of ['\n', 'a\n', 'a\r\n\n', 'a\n.\n', 'a\n.\r\n', 'a\r\n.\n', '.\n', 'a\r\n.x\n', '.\r.\n'])
    t.equal(feed([wire]).state, 'stray', JSON.stringify(wire))
  for (const wire of ['a\r.\r', '.', '.\r', 'a\r\r.\r\r', '\r\n.\r.\r\n', '\r\n.\0\r\n']) {
    t.equal(feed([wire]).state, 'open', JSON.stringify(wire))
  }
})

t.test('where a bare LF ends a line', async (t) => {
  for (const [wire, stored, left] of [
    ['.\r\nQUIT\n', '', 'QUIT\n'],
    ['a\nb\n\n\r\n.\r\n', 'a\nb\n\n\n', ''],
    ['a\r\r\n.\rx\r\n.\r\r\n.\r\n', 'a\r\n\rx\n\r\n', ''],
    ['a\n.x\n..\n..\r\nz\r\n.\r\n', 'a\nx\n.\n.\nz\n', ''],
    ['\0\xff\n\r\n.\r\n', '\0\xff\n\n', ''],
  ] as const)
    t.match(feed([wire], 'accepted'), { state: 'ended', stored, left, size: stored.length }, JSON.stringify(wire))
  for (const wire of ['.\n', 'a\r\n.\n', 'a\n.\n', 'a\n.\r\n', '\n.\r\n', '\r\n\n.\r\n'])
    t.equal(feed([wire], 'accepted').state, 'stray', JSON.stringify(wire))
  for (const wire of ['\r.\r\n', 'a.\n', 'a\n.', 'a\r\n.\r', '\r\n.\r\r\n', '. \n'])
    t.equal(feed([wire], 'accepted').state, 'open', JSON.stringify(wire))
})

t.test('hops are counted in the header, on the wire', async (t) => {
  for (const [wire, hops] of [
    ['Received: x\r\nRECEIVED-SPF\r\nreceived\r\ndelivered\r\nDeLiVeReDx\r\n', 5],
    ['receive\r\ndelivere\r\n received:\r\n.received\r\n', 0],
    ['x\r\n\r\nReceived: y\r\n', 0],
    ['\r\nReceived: y\r\n', 0],
    ['x\r\nReceived: y\r\n\r\nReceived: z\r\n', 1],
  ] as const) {
    t.equal(feed([`${wire}.\r\n`]).hops, hops, JSON.stringify(wire))
    t.equal(feed([...wire, '.\r\n']).hops, hops, `${JSON.stringify(wire)}, byte by byte`)
  }
})

t.test('however it is cut, it is the same', async (t) => {
  let seed = 20261120
  const random = (n: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor((seed / 2147483648) * n)
  }
  const words = ['\r', '\n', '.', '\r\n', '\r\n.\r\n', '\r\n.', 'a', 'received', '\0', '\r\n\r\n']
  for (let round = 0; round < 4000; round++) {
    let wire = ''
    for (let n = random(14); n > 0; n--) wire += words[random(words.length)] ?? ''
    const pieces: string[] = []
    for (let at = 0; at < wire.length; ) {
      const length = 1 + random(6)
      pieces.push(wire.slice(at, at + length))
      at += length
    }
    const bareLf = round % 2 === 0 ? 'refused' : 'accepted'
    const cut = feed(pieces, bareLf)
    const table = bareLf === 'refused' ? byTable(wire) : byLenientTable(wire)
    const name = `${bareLf}: ${JSON.stringify(pieces)}`
    if (cut.state !== table.state) t.equal(cut.state, table.state, name)
    if (table.state === 'ended' && (cut.stored !== table.stored || cut.left !== table.left)) t.same(cut, table, name)
    // What is held back is a few bytes at most, and all before is out.
    if (table.state === 'open' && (!table.stored.startsWith(cut.stored) || cut.left.length > 9))
      t.same(cut, table, name)
    if (cut.size !== cut.stored.length) t.equal(cut.size, cut.stored.length, name)
  }
  t.pass('4000 messages')
})

t.test('a line of 10 MB', async (t) => {
  const line = 'x'.repeat(10_000_000)
  const result = feed([line.slice(0, 5_000_000), line.slice(5_000_000), '\r\n.\r\n'])
  t.equal(result.state, 'ended')
  t.equal(result.size, 10_000_001)
})
