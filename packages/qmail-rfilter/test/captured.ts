import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { firstLetter, firstLine } from '../src/captured.ts'

const dir = mkdtempSync(join(tmpdir(), 'captured-'))
t.teardown(() => rmSync(dir, { recursive: true }))

function written(text: string): number {
  writeFileSync(join(dir, 'words'), text, 'latin1')
  return openSync(join(dir, 'words'), 'r')
}

const first = (text: string) => firstLine(written(text), 400)

t.test('the first line that is not empty', async (t) => {
  t.equal(first(''), '')
  t.equal(first('\n\n'), '')
  t.equal(first('a'), 'a')
  t.equal(first('a\nb\n'), 'a')
  t.equal(first('\n\na b\nc'), 'a b')
  t.equal(first('\r\n'), '\r', 'only a line feed ends a line')
  t.equal(first('a\0b\xff\n'), 'a\0b\xff')
  t.equal(first('x'.repeat(1000)), 'x'.repeat(400))
})

t.test('wherever it begins', async (t) => {
  let wrong = 0
  for (let n = 4000; n < 4600; n += 7) if (first(`${'\n'.repeat(n)}${'x'.repeat(500)}\nno`) !== 'x'.repeat(400)) wrong++
  for (let n = 8100; n < 8800; n += 7) if (first(`${'\n'.repeat(n)}short\nno`) !== 'short') wrong++
  t.equal(wrong, 0)
  t.equal(first('\n'.repeat(1_000_000)), '')
})

t.test('a letter, and what stands behind it', async (t) => {
  for (const [text, letter, line] of [
    ['Dno', 'D', 'no'],
    ['Z\n\nno\nyes', 'Z', 'no'],
    [`D${'x'.repeat(500)}`, 'D', 'x'.repeat(400)],
    ['D', 'D', ''],
    ['\nDno', '', 'Dno'],
    ['dno', '', 'dno'],
    ['', '', ''],
  ] as const) {
    const file = written(text)
    t.same([firstLetter(file), firstLine(file, 400, letter.length)], [letter, line], text)
  }
})

t.same([firstLetter(-1), firstLine(-1, 400)], ['', ''], 'what can not be read says nothing')
