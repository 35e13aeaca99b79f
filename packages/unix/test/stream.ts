import { openSync } from 'node:fs'
import t from 'tap'
import { bytes, EPIPE, latin1, Reader, sys, Writer } from '../src/index.ts'

function pipe(): [number, number] {
  const ends = sys.pipe()
  if (typeof ends === 'number') throw new Error(`pipe: ${ends}`)
  return ends
}

/** A reader of these bytes, then end of file. */
function of(text: string, size?: number): Reader {
  const [input, feed] = pipe()
  sys.write(feed, bytes(text), 0, text.length)
  sys.close(feed)
  return new Reader(input, size === undefined ? {} : { size })
}

function lines(reader: Reader): string[] {
  const all: string[] = []
  for (;;) {
    const line = reader.line()
    all.push(typeof line === 'string' ? `(${line})` : latin1(line))
    if (line === 'eof') return all
  }
}

t.test('lines', async (t) => {
  for (const [text, wanted] of [
    ['', ['(eof)']],
    ['a\nb\r\n\nunfinished', ['a', 'b\r', '', '(eof)']],
    ['\0\xff\n', ['\0\xff', '(eof)']],
    ['1234567\n12345678\n123456789\nx\n', ['1234567', '(long)', '(long)', 'x', '(eof)']],
    ['123456789', ['(eof)']],
  ] as const)
    t.same(lines(of(text, 8)), wanted, JSON.stringify(text))
})

t.test('one byte at a time gives the same lines', async (t) => {
  const text = `a\r\n${'x'.repeat(20)}\n\nlast\n`
  const [input, feed] = pipe()
  const reader = new Reader(input, {
    size: 8,
    waiting: () => {
      if (at < text.length) sys.write(feed, bytes(text.charAt(at++)), 0, 1)
      else sys.close(feed)
    },
  })
  let at = 0
  t.same(lines(reader), ['a\r', '(long)', '', 'last', '(eof)'])
})

t.test('nothing is read ahead of need', async (t) => {
  const [input, feed] = pipe()
  let waits = 0
  const reader = new Reader(input, { waiting: () => waits++ })
  sys.write(feed, bytes('one\ntwo\n'), 0, 8)
  t.equal(latin1(reader.line() as Uint8Array), 'one')
  sys.write(feed, bytes('three\n'), 0, 6)
  t.equal(latin1(reader.line() as Uint8Array), 'two')
  t.equal(waits, 1)
  const left = new Uint8Array(10)
  t.equal(sys.read(input, left, 0, 10), 6, 'what came later is still in the descriptor')
})

t.test('chunks, taking and throwing away', async (t) => {
  const reader = of('abcdef')
  t.equal(latin1(reader.chunk()), 'abcdef')
  reader.consume(2)
  t.equal(latin1(reader.chunk()), 'cdef')
  t.equal(reader.discard(), 4)
  t.equal(reader.chunk().length, 0)
})

t.test('a limit of time', async (t) => {
  const [input] = pipe()
  const reader = new Reader(input, {
    timeout: 0.05,
    timedOut: () => {
      throw new Error('late')
    },
  })
  t.throws(() => reader.line(), { message: 'late' })
})

t.test('writing: in order, whatever the sizes', async (t) => {
  const path = t.testdir({})
  const fd = openSync(`${path}/out`, 'w')
  const writer = new Writer(fd, { size: 16 })
  let wanted = ''
  for (let i = 0; i < 60; i++) {
    const text = String.fromCharCode(i + 128).repeat(i)
    if (i % 2) writer.puts(text)
    else writer.put(bytes(`(${text})`), 1, text.length + 1)
    wanted += text
  }
  t.equal(writer.flush(), true)
  const got = sys.slurp(`${path}/out`, 1 << 20)
  t.equal(typeof got === 'number' ? got : latin1(got), wanted)
})

t.test('a reader that is gone, and one that never reads', async (t) => {
  const [input, feed] = pipe()
  sys.close(input)
  const writer = new Writer(feed)
  writer.puts('x')
  t.equal(writer.flush(), false)
  t.equal(writer.broken, -EPIPE)
  writer.puts('y')
  t.equal(writer.flush(), false, 'and stays so')
  const [, stuck] = pipe()
  const slow = new Writer(stuck, {
    timeout: 0.05,
    timedOut: () => {
      throw new Error('late')
    },
  })
  t.throws(() => slow.put(new Uint8Array(1 << 20)), { message: 'late' })
})

t.test('a descriptor that does not wait', async (t) => {
  const [input, feed] = pipe()
  sys.nonblock(feed, 1)
  sys.nonblock(input, 1)
  const writer = new Writer(feed)
  writer.puts('hello\n')
  writer.flush()
  t.equal(latin1(new Reader(input).line() as Uint8Array), 'hello')
})

t.test('not a byte behind the line is taken', async (t) => {
  const text = `one\r\n${'x'.repeat(20)}\ntwo\n\nunfinished`
  const left = (fd: number): string => {
    const into = new Uint8Array(100)
    return latin1(into, 0, Math.max(0, sys.read(fd, into, 0, into.length)))
  }
  const ends = sys.socketpair()
  if (typeof ends === 'number') return t.fail('no socketpair')
  for (const [name, [input, feed]] of [
    ['pipe', pipe()],
    ['socket', ends],
  ] as const) {
    const reader = new Reader(input, { size: 8, stopAt: 10 })
    sys.write(feed, bytes(text), 0, text.length)
    sys.close(feed)
    t.equal(latin1(reader.line() as Uint8Array), 'one\r', name)
    t.equal(reader.line(), 'long')
    t.equal(latin1(reader.line() as Uint8Array), 'two')
    t.equal(latin1(reader.line() as Uint8Array), '')
    t.equal(left(input), 'unfinished')
    t.equal(reader.line(), 'eof')
  }
  // A file can't be looked into; there it is one byte after the other.
  const dir = t.testdir({ file: text })
  const file = openSync(`${dir}/file`, 'r')
  const reader = new Reader(file, { size: 8, stopAt: 10 })
  t.equal(latin1(reader.line() as Uint8Array), 'one\r')
  t.equal(reader.line(), 'long')
  t.equal(left(file), 'two\n\nunfinished')
  return undefined
})

t.test('with another descriptor it is tried anew whether it can be looked into', async (t) => {
  const file = openSync(`${t.testdir({ file: 'a\nb' })}/file`, 'r')
  const reader = new Reader(file, { stopAt: 10 })
  t.equal(latin1(reader.line() as Uint8Array), 'a')
  const [input, feed] = pipe()
  sys.write(feed, bytes('one\ntwo\n'), 0, 8)
  reader.switchTo(input)
  let reads = 0
  const counted = new Reader(input, { stopAt: 10, waiting: () => reads++ })
  t.equal(latin1(reader.line() as Uint8Array), 'one')
  t.equal(latin1(counted.line() as Uint8Array), 'two')
  t.equal(reads, 1)
})

t.test('overwriting what was read', async (t) => {
  const reader = of('secret\nmore')
  const line = reader.line() as Uint8Array
  t.equal(latin1(line), 'secret')
  reader.wipe()
  t.same([...line], [0, 0, 0, 0, 0, 0])
  t.equal(reader.buffered.length, 0)
  t.equal(reader.line(), 'eof')
})
