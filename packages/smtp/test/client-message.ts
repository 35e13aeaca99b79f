import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { type FileIo, messageOn } from '../src/client-message.ts'

const home = mkdtempSync(join(tmpdir(), 'message-'))
t.teardown(() => rmSync(home, { recursive: true }))

/** Node's calls, with what the kernel would count: where a file stands. */
function fileIo(from = 0): FileIo {
  let at = from
  return {
    read: (fd, into, offset, length) => {
      const n = readSync(fd, into, offset, length, at)
      at += n
      return n
    },
    pread: (fd, into, offset, length, position) => readSync(fd, into, offset, length, position),
    lseek: () => at,
    fstat: (fd, out) => {
      const about = fstatSync(fd)
      out[2] = about.mode
      out[6] = about.size
      return 0
    },
  }
}

/** A pipe that gives so many bytes at once. */
function pipeIo(text: string, size: number): FileIo {
  let at = 0
  return {
    read: (_, into, offset, length) => {
      const part = bytes(text.slice(at, at + Math.min(size, length)))
      into.set(part, offset)
      at += part.length
      return part.length
    },
    pread: () => -29,
    lseek: () => -29,
    fstat: () => 0,
  }
}

function open(text: string): number {
  const path = join(home, 'message')
  writeFileSync(path, text, 'latin1')
  const fd = openSync(path, 'r')
  t.teardown(() => closeSync(fd))
  return fd
}

function readAll(message: ReturnType<typeof messageOn>): string {
  const buffer = new Uint8Array(1000)
  let text = ''
  for (let n = message.read(buffer, 0, 1000); n > 0; n = message.read(buffer, 0, 1000)) text += latin1(buffer, 0, n)
  return text
}

const nothing = () => undefined

t.test('sizes and last lines of files', async (t) => {
  const about = (text: string, from = 0) => {
    const message = messageOn(fileIo(from), open(text), nothing)
    return [message.size, message.endsPartial()]
  }
  t.same(about(''), [0, false])
  t.same(about('a\n'), [2, false])
  t.same(about('a\r'), [2, false])
  t.same(about('a\nb'), [3, true])
  t.same(about('a\nb', 1), [2, true])
  t.same(about('a\nb', 3), [0, false], 'nothing left')
  t.same(about('a\nb', 10), [0, false], 'beyond the end')
  const pipe = messageOn(pipeIo('a', 1), 0, nothing)
  t.same([pipe.size, pipe.endsPartial()], [undefined, false])
  const stream = messageOn(fileIo(1), open('1a: b\n\nx'), nothing, true)
  t.same([stream.size, stream.endsPartial()], [undefined, false], 'a file that is to be like a pipe')
})

t.test('headers, and the message after them', async (t) => {
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['', ''],
    ['\n', ''],
    ['\r\nx\n', ''],
    ['a: b\n\nbody\n', 'a: b\n'],
    ['a: b\r\n\r\nbody\r\n\r\n', 'a: b\r\n'],
    ['a: b\n', 'a: b\n'],
    ['a', 'a'],
    [`a: ${'x'.repeat(70_000)}\n\nbody\n`, `a: ${'x'.repeat(65_533)}`],
    [`${'a: b\n'.repeat(1000)}\nbody\n`, 'a: b\n'.repeat(1000)],
  ]
  for (const [text, head] of rows) {
    const name = JSON.stringify(text.slice(0, 40))
    const file = messageOn(fileIo(), open(text), nothing)
    t.ok(file.head() === head, name)
    t.ok(readAll(file) === text, name)
    const later = messageOn(fileIo(5), open(`12345${text}`), nothing)
    t.ok(later.head() === head && readAll(later) === text, `${name} from an offset`)
    for (const size of [1, 2, 3, 1000, 1e9]) {
      const pipe = messageOn(pipeIo(text, size), 0, nothing)
      t.ok(pipe.head() === head && readAll(pipe) === text, `${name} from a pipe, ${size} bytes at once`)
    }
  }
})

t.test('large ones', async (t) => {
  const calls = (length: number) => {
    let count = 0
    readAll(messageOn(pipeIo('x'.repeat(length), 1e9), 0, () => count++))
    return count
  }
  t.equal(calls(60_000), 0)
  t.equal(calls(300_000), 1)
})
