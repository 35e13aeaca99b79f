import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENOENT, environment, sys } from '@moreqmail/unix'
import t from 'tap'
import { copy, copyToFile } from '../src/copy.ts'

const dir = mkdtempSync(join(tmpdir(), 'copy-'))
t.teardown(() => rmSync(dir, { recursive: true }))

/** A descriptor from which the bytes come. */
function source(bytes: Uint8Array): number {
  writeFileSync(join(dir, 'in'), bytes)
  return openSync(join(dir, 'in'), 'r')
}

t.test('everything, of any size', async (t) => {
  for (const size of [0, 1, 8191, 8192, 65535, 65536, 65537, 1_000_003]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7)
    t.equal(copy(source(bytes), openSync(join(dir, 'out'), 'w')), undefined)
    t.ok(readFileSync(join(dir, 'out')).equals(bytes), `${size} bytes`)
  }
})

t.test('behind something else', async (t) => {
  for (const [before, size] of [
    ['', 0],
    ['head\n', 0],
    ['head\n', 1],
    ['head\n', 100_000],
    ['x'.repeat(70_000), 70_000],
  ] as const) {
    t.equal(copy(source(new Uint8Array(size).fill(65)), openSync(join(dir, 'out'), 'w'), before), undefined)
    t.ok(readFileSync(join(dir, 'out'), 'latin1') === before + 'A'.repeat(size), `${before.length} and ${size} bytes`)
  }
  t.equal(copy(openSync('/dev/null', 'r'), openSync('/dev/full', 'w'), 'head\n')?.side, 'write')
})

t.test('into a temporary file', async (t) => {
  environment().set('TMPDIR', dir)
  const file = copyToFile(source(Uint8Array.of(1, 0, 10)))
  if (typeof file !== 'number') throw new Error('no file')
  const back = new Uint8Array(4)
  t.equal(sys.pread(file, back, 0, 4, 0), 3)
  t.same([...back], [1, 0, 10, 0])
  t.equal(sys.close(file), 0)
  environment().set('TMPDIR', join(dir, 'none'))
  t.same(copyToFile(0), { side: 'write', errno: -ENOENT })
})

t.test('which side fails', async (t) => {
  t.equal(copy(openSync(dir, 'r'), openSync('/dev/null', 'w'))?.side, 'read')
  t.equal(copy(source(Uint8Array.of(1)), openSync('/dev/full', 'w'))?.side, 'write')
  const closed = source(Uint8Array.of(1))
  closeSync(closed)
  t.equal(copy(closed, openSync('/dev/null', 'w'))?.side, 'read')
  t.equal(copy(openSync('/dev/null', 'r'), closed + 10)?.side, 'write', 'even if there is nothing to write')
})
