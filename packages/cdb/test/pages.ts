import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { EBADF, EISDIR, EPROTO, sys } from '@moreqmail/unix'
import t from 'tap'
import { Pages, readAt } from '../src/pages.ts'
import { random } from './lib/reference.ts'

/** A file of so many bytes, each the lowest byte of its position times 7. */
function open(path: string, size: number): { fd: number } {
  writeFileSync(path, content(0, size))
  return { fd: sys.open(path, 0, 0) }
}

function content(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) * 7)
}

t.test('any part in any order', (t) => {
  const file = open(`${t.testdir({})}/x`, 1000)
  const pages = new Pages(file, 64)
  const pick = random(3)
  for (let round = 0; round < 3000; round++) {
    const position = pick(1010)
    const length = pick(round % 3 === 0 ? 200 : 70)
    const part = round % 2 === 0 ? pages.view(position, length) : pages.copy(position, length)
    if (length > 0 && position + length > 1000) {
      if (part !== -EPROTO) t.fail(`${length} bytes at ${position} beyond the end`)
    } else if (typeof part !== 'object' || !Buffer.from(part).equals(content(position, length))) {
      t.fail(`${length} bytes at ${position}: ${part}`)
    }
  }
  t.same(pages.view(990, 10), content(990, 10), 'up to the end')
  t.equal(pages.view(990, 11), -EPROTO, 'a byte beyond it')
  t.equal(pages.view(901, 100), -EPROTO, 'more than the window, a byte beyond it')
  t.equal(pages.view(0xffffffff, 8), -EPROTO)
  t.end()
})

t.test('a copy stays, a view goes', (t) => {
  const pages = new Pages(open(`${t.testdir({})}/x`, 1000), 64)
  const copy = pages.copy(0, 8)
  const view = pages.view(0, 8)
  pages.view(500, 8)
  t.same(copy, content(0, 8))
  t.same(view, content(500, 8))
  t.end()
})

t.test('parts near each other cost one read', (t) => {
  const path = `${t.testdir({})}/x`
  const pages = new Pages(open(path, 1000), 64)
  pages.view(100, 8)
  truncateSync(path, 0)
  t.same(pages.view(100, 64), content(100, 64))
  t.same(pages.view(140, 24), content(140, 24))
  t.equal(pages.view(140, 25), -EPROTO)
  t.equal(pages.view(100, 8), -EPROTO, 'what was there before the failure is forgotten')
  t.end()
})

t.test('failures', (t) => {
  const dir = t.testdir({})
  const file = open(`${dir}/x`, 1000)
  const pages = new Pages(file, 64)
  t.equal(readAt(file, new Uint8Array(2000), 10), 990, 'as much as there is')
  t.equal(readAt(file, new Uint8Array(2000), 10, 5), 990)
  t.equal(readAt(file, new Uint8Array(100), 10, 5), 100)
  sys.close(file.fd)
  file.fd = -1
  t.equal(pages.view(0, 8), -EBADF)
  t.equal(pages.view(0, 100), -EBADF)
  t.equal(pages.copy(0, 100), -EBADF)
  mkdirSync(`${dir}/d`)
  t.equal(new Pages({ fd: sys.open(`${dir}/d`, 0, 0) }, 64).view(0, 8), -EISDIR)
  t.end()
})
