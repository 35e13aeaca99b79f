import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { ENOENT, ENOTDIR, environment, latin1, sys, temporaryFile } from '../src/index.ts'

/** What scandir says of each name. */
function scan(path: string): Map<string, number[]> {
  const found = sys.scandir(path)
  if (typeof found === 'number') throw new Error(`scandir: ${found}`)
  const [text, ends, facts] = found
  const names = latin1(text).split('\0').slice(0, -1)
  t.equal(facts.length, 3 * names.length)
  let end = -1
  t.same(
    [...ends],
    names.map((name) => (end += name.length + 1)),
    'where they end',
  )
  return new Map(names.map((name, i) => [name, [...facts.subarray(3 * i, 3 * i + 3)]]))
}

t.test('a directory and what stat says of its files', async (t) => {
  const dir = t.testdir({ a: 'abc', '.hidden': '', 'b\xe9': 'x' })
  utimesSync(`${dir}/a`, 1000, 2000.5)
  symlinkSync('nowhere', `${dir}/dangling`)
  symlinkSync('a', `${dir}/link`)
  mkdirSync(`${dir}/sub`)
  const found = scan(dir)
  t.same([...found.keys()].filter((name) => !name.startsWith('b')).sort(), ['.hidden', 'a', 'dangling', 'link', 'sub'])
  t.same(found.get('a'), [3, 1000, 2000.5])
  t.same(found.get('link'), [3, 1000, 2000.5], 'it follows links')
  t.same(found.get('dangling'), [Number.NaN, Number.NaN, Number.NaN])
  t.equal(sys.scandir(`${dir}/a`), -ENOTDIR)
  t.equal(sys.scandir(`${dir}/none`), -ENOENT)
  t.equal(scan(`${dir}/sub`).size, 0)
})

t.test('many files, which two threads look up', async (t) => {
  const dir = t.testdir({})
  for (let i = 0; i < 5000; i++) {
    writeFileSync(`${dir}/${i}.${'n'.repeat(i % 200)}`, 'x'.repeat(i % 7))
    utimesSync(`${dir}/${i}.${'n'.repeat(i % 200)}`, i, 10_000 + i)
  }
  const found = scan(dir)
  t.equal(found.size, 5000)
  for (let i = 0; i < 5000; i++)
    if (`${found.get(`${i}.${'n'.repeat(i % 200)}`)}` !== `${[i % 7, i, 10_000 + i]}`) t.fail(String(i))
})

t.test('as many files as one thread gives the other, one more and one less', async (t) => {
  const dir = t.testdir({})
  for (let i = 0; i < 2050; i++) {
    writeFileSync(`${dir}/${i}`, 'x'.repeat(i % 3))
    if (![1022, 1023, 1024, 2046, 2047, 2048, 2049].includes(i)) continue
    const found = scan(dir)
    t.equal(found.size, i + 1)
    t.same([found.get('0')?.[0], found.get('1')?.[0], found.get(`${i}`)?.[0]], [0, 1, i % 3])
  }
})

t.test('a temporary file, which has no name', async (t) => {
  const dir = t.testdir({ file: '' })
  const asked = environment().get('TMPDIR')
  const inDir = (path: string): number => {
    environment().set('TMPDIR', path)
    return temporaryFile()
  }
  const fd = inDir(dir)
  t.ok(fd >= 0)
  t.same(readdirSync(dir), ['file'])
  const into = new Uint8Array(3)
  t.equal(sys.write(fd, Uint8Array.of(1, 2, 3), 0, 3), 3)
  t.equal(sys.pread(fd, into, 0, 3, 0), 3)
  t.same([...into], [1, 2, 3])
  t.same(readdirSync(dir), ['file'])
  sys.close(fd)
  t.equal(inDir(`${dir}/none`), -ENOENT)
  t.equal(inDir(`${dir}/file`), -ENOTDIR)
  if (asked === undefined) environment().remove((name) => name === 'TMPDIR')
  else environment().set('TMPDIR', asked)
})
