import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { controlLine, controlList, controlNumber, EISDIR, List } from '../src/index.ts'

const home = mkdtempSync(join(tmpdir(), 'home-'))
mkdirSync(join(home, 'control/directory'), { recursive: true })
const before = process.cwd()
process.chdir(home)
t.teardown(() => {
  process.chdir(before)
  rmSync(home, { recursive: true })
})

const refuse = (errno: number): never => {
  throw new Error(String(errno))
}
const put = (text: string) => writeFileSync(join(home, 'control/x'), text, 'latin1')

t.test('one-line files', async (t) => {
  for (const [text, line] of [
    ['mx.example\n', 'mx.example'],
    ['mx.example', 'mx.example'],
    [' a b \t \nsecond\n', ' a b'],
    ['', ''],
    ['\n', ''],
    ['# no comment\n', '# no comment'],
    ['a\r\n', 'a\r'],
    ['a\0b\n', 'a\0b'],
    ['\xe9\xff\n', '\xe9\xff'],
  ] as const) {
    put(text)
    t.equal(controlLine('x', refuse), line, JSON.stringify(text))
  }
  t.equal(controlLine('absent', refuse), undefined)
  t.throws(() => controlLine('directory', refuse), { message: String(-EISDIR) })
  t.throws(() => controlLine('directory/x/y', refuse) ?? refuse(0))
})

t.test('numbers', async (t) => {
  for (const [text, number] of [
    ['12\n', 12],
    ['12x', 12],
    ['x', 7],
    ['', 7],
    [' 5', 7],
  ] as const) {
    put(text)
    t.equal(controlNumber('x', 7, refuse), number, JSON.stringify(text))
  }
  t.equal(controlNumber('absent', 7, refuse), 7)
})

t.test('lists', async (t) => {
  put('One.Example\n\n#comment\n two \t\nthree\0four\n \t\nlast')
  const list = controlList('x', refuse)
  t.same([...(list?.entries() ?? [])], ['One.Example', ' two', 'three', 'four', 'last'])
  for (const [key, there] of [
    ['one.example', true],
    ['ONE.EXAMPLE', true],
    ['two', false],
    [' two', true],
    ['three', true],
    ['four', true],
    ['last', true],
    ['las', false],
    ['ast', false],
    ['#comment', false],
    ['', false],
    ['one', false],
  ] as const)
    t.equal(list?.has(key), there, key)
  t.equal(controlList('absent', refuse), undefined)
})

t.test('a NUL splits a line, but not a comment, and begins one', async (t) => {
  t.same(new List('a\0b\n#c\0d\n\0e\nf').entries(), ['a', 'b', 'f'])
  const list = new List('a \0#b \t\n\n \0K:1\0k:2\0\n')
  t.same(list.entries(), ['a ', '#b', ' ', 'K:1', 'k:2'], 'only ends of lines are trimmed')
  t.same(
    ['a', 'A ', '#B', '#b ', ''].map((key) => list.has(key)),
    [false, true, true, false, false],
  )
  t.equal(list.value('k'), '2')
})

t.test('or it is the end of a line', async (t) => {
  const list = new List('a \0#b\n#c\0d\n\0e\nf:1\0F:2 ', 'ends')
  t.same(list.entries(), ['a', 'd', 'e', 'f:1', 'F:2'])
  t.same(
    ['a', '#b', 'd', 'e'].map((key) => list.has(key)),
    [true, false, true, true],
  )
  t.equal(list.value('f'), '2')
})

t.test('ASCII letters alone are folded', async (t) => {
  const list = new List('\xc9COLE\n\xdfx\n')
  t.equal(list.has('\xc9cole'), true)
  t.equal(list.has('\xe9cole'), false)
  t.equal(list.has('\xdfX'), true)
})

t.test('values: the last line with a key wins', async (t) => {
  const list = new List('a:1\nA:2:3 \nab:4\n:empty\n#a:5\nx a:6\n')
  t.equal(list.value('a'), '2:3')
  t.equal(list.value('AB'), '4')
  t.equal(list.value(''), 'empty')
  t.equal(list.value('b'), undefined)
  t.equal(list.value('#a'), undefined)
})

t.test('a list is what a slow reading of the rules says', async (t) => {
  let seed = 12345
  const random = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return (seed >> 8) % n
  }
  const alphabet = ['a', 'B', 'b', ':', '#', ' ', '\t', '\n', '\0', '.', '\xc9', '\xe9']
  const word = (n: number) => Array.from({ length: random(n) }, () => alphabet[random(alphabet.length)]).join('')
  const fold = (text: string) => text.replace(/[A-Z]/g, (c) => c.toLowerCase())
  for (let round = 0; round < 3000; round++) {
    const text = word(40)
    const key = word(4).replace(/[\n\0]/g, '')
    const nul = round % 2 === 0 ? 'splits' : 'ends'
    const cut = (line: string) => line.replace(/[ \t]+$/, '')
    const entries = (nul === 'ends' ? text.replaceAll('\0', '\n') : text)
      .split('\n')
      .filter((line) => !/^[#\0]/.test(line))
      .flatMap((line) => cut(line).split('\0'))
      .filter((entry) => entry !== '')
    const list = new List(text, nul)
    t.same(list.entries(), entries, JSON.stringify(text)) || t.bailout()
    const has = entries.some((entry) => fold(entry) === fold(key))
    if (list.has(key) !== has) t.equal(list.has(key), has, JSON.stringify([text, key]))
    if (!key.includes(':')) {
      const last = entries.filter((entry) => fold(entry).startsWith(`${fold(key)}:`)).at(-1)
      const value = last?.slice(key.length + 1)
      if (list.value(key) !== value) t.equal(list.value(key), value, JSON.stringify([text, key]))
    }
  }
})
