import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, renameSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { EACCES, EBADF, EISDIR, ENOTDIR, EPROTO, ESPIPE, sys } from '@moreqmail/unix'
import t, { type Test } from 'tap'
import { openCdb } from '../src/index.ts'
import {
  build,
  dataOf,
  hash,
  listed,
  manyPairs,
  openBytes,
  opened,
  type Pair,
  uglyPairs,
  walked,
} from './lib/reference.ts'

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

t.test('opening', (t) => {
  const dir = t.testdir({ file: 'x' })
  t.equal(openCdb(`${dir}/none`), undefined)
  t.equal(openCdb(`${dir}/file/x`), -ENOTDIR)
  writeFileSync(`${dir}/closed`, build([]).file, { mode: 0 })
  if (process.getuid?.() === 0) t.pass('root may open everything')
  else t.equal(openCdb(`${dir}/closed`), -EACCES)
  t.end()
})

t.test('what is no cdb shows in the first look-up', (t) => {
  const dir = t.testdir({})
  for (const file of [
    '',
    'x',
    'x'.repeat(2047),
    'x'.repeat(2048),
    'x'.repeat(5000),
    '\0'.repeat(2048),
    '\0'.repeat(9999),
  ]) {
    const db = openBytes(`${dir}/x`, Buffer.from(file))
    t.equal(db.get('key'), -EPROTO)
    t.equal(db.get('key'), -EPROTO, 'again')
    t.equal(db.getText('key'), -EPROTO)
    t.same(listed(db.values('key')), [-EPROTO])
    t.same(walked(db), [-EPROTO])
    db.close()
  }
  mkdirSync(`${dir}/d`)
  t.equal(opened(`${dir}/d`).get('key'), -EISDIR)
  execFileSync('mkfifo', [`${dir}/fifo`])
  t.equal(opened(`${dir}/fifo`).get('key'), -ESPIPE, 'without waiting for a writer')
  t.equal(opened('/dev/null').get('key'), -EPROTO)
  t.equal(opened('/dev/zero').get('key'), -EPROTO)
  t.end()
})

t.test('no records', (t) => {
  const db = openBytes(`${t.testdir({})}/x`, build([]).file)
  t.equal(db.get(''), undefined)
  t.equal(db.get('key'), undefined)
  t.equal(db.getText('key'), undefined)
  t.same(listed(db.values('key')), [])
  t.same(walked(db), [])
  t.end()
})

function checkAll(t: Test, path: string, pairs: readonly Pair[]): void {
  const db = opened(path)
  for (const key of new Set(pairs.map(([key]) => key))) {
    const [first] = dataOf(pairs, key)
    if (db.getText(key) !== first || db.getText(latin1(key)) !== first) t.fail(`get ${key.slice(0, 20)}`)
    const data = db.get(key)
    if (typeof data !== 'object' || !Buffer.from(first!, 'latin1').equals(data)) t.fail(`bytes of ${key.slice(0, 20)}`)
    t.strictSame(listed(db.values(key)), dataOf(pairs, key), key.slice(0, 20))
    for (const absent of [`${key}x`, key.slice(1), `x${key}`])
      if (dataOf(pairs, absent).length === 0 && db.get(absent) !== undefined) t.fail(`absent ${absent.slice(0, 20)}`)
  }
  t.strictSame(walked(db), pairs, 'all records in order')
  db.close()
}

t.test('ugly records', (t) => {
  const path = `${t.testdir({})}/x`
  writeFileSync(path, build(uglyPairs()).file)
  checkAll(t, path, uglyPairs())
  t.end()
})

t.test('runs of slots longer than one read', (t) => {
  const path = `${t.testdir({})}/x`
  const pairs: Pair[] = []
  for (let i = 0; i < 150; i++) pairs.push(['same', `${i}`])
  const table = hash('same') % 256
  // Others of the same table, which have to be looked for behind or among the equal ones.
  for (let i = 0; pairs.length < 180; i++) if (hash(`o${i}`) % 256 === table) pairs.push([`o${i}`, `other ${i}`])
  pairs.push(['same', 'the last one'])
  writeFileSync(path, build(pairs).file)
  checkAll(t, path, pairs)
  t.end()
})

/** Another key with the hash of the empty one, and two more keys of the same hash and length. */
const LIKE_EMPTY = 'SOCkgwd'
const LIKE = ['SOE-gwd', 'SOBJgwd']

t.test('different keys with the same hash', (t) => {
  const path = `${t.testdir({})}/x`
  const [a, b] = LIKE as [string, string]
  t.same([LIKE_EMPTY, a, b].map(hash), [5381, 5381, 5381])
  // biome-ignore format: one line
  const pairs: Pair[] = [[a, '1'], ['', '2'], [b, '3'], [LIKE_EMPTY, '4'], [a, '5'], ['', '6'], [b, '7']]
  pairs.push(['far from the tables', 'x'.repeat(2000)])
  writeFileSync(path, build(pairs).file)
  checkAll(t, path, pairs)
  let db = openBytes(path, build([['', 'data']]).file)
  t.equal(db.get(LIKE_EMPTY), undefined, 'the key there is the beginning of the one looked for')
  db = openBytes(path, build([[LIKE_EMPTY, 'data']]).file)
  t.equal(db.get(''), undefined)
  t.equal(db.get(a), undefined)
  t.equal(db.get(`${LIKE_EMPTY}x`), undefined)
  t.end()
})

t.test('damage that has to show', (t) => {
  const path = `${t.testdir({})}/x`
  const { file, records, end } = build([['k1', '\0'.repeat(64)]])
  const slot = file.readUInt32LE(end + 4) === 0 ? end + 8 : end
  const after = (change: (file: Buffer) => void, key = 'k1') => {
    const damaged = Buffer.from(file)
    change(damaged)
    return openBytes(path, damaged).get(key)
  }
  t.type(
    after(() => {}),
    Uint8Array,
  )
  t.equal(
    after((file) => file.writeUInt8(file[slot]! ^ 1, slot)),
    -EPROTO,
    'a hash of another table',
  )
  t.equal(
    after((file) => file.write('j', records[0]! + 8)),
    -EPROTO,
    'a key without the hash of its slot',
  )
  for (const position of [1, 2047, end - 7, end, file.length, 0xffffffff]) {
    t.equal(
      after((file) => file.writeUInt32LE(position, slot + 4)),
      -EPROTO,
      `record at ${position}`,
    )
    // The slot where the search for the other key begins; the one behind it is empty.
    const other = Array.from({ length: 1000 }, (_, i) => `o${i}`).find(
      (key) => hash(key) % 256 === hash('k1') % 256 && Math.floor(hash(key) / 256) % 2 === (slot - end) / 8,
    )
    t.equal(
      after((file) => file.writeUInt32LE(position, slot + 4), other),
      -EPROTO,
      `another key's record at ${position}`,
    )
  }
  const table = hash('k1') % 256
  t.equal(
    after((file) => {
      // Over the zeros in the data, up to where the next table is: all slots would be empty.
      file.writeUInt32LE(end - 16, table * 8)
      file.writeUInt32LE(4, table * 8 + 4)
    }),
    -EPROTO,
    'a table within the records',
  )
  t.end()
})

t.test('look-ups during an iteration', (t) => {
  const pairs: Pair[] = [['a', '1'], ['b', '2'], ['a', '3'], ['a', '4']] // biome-ignore format: one line
  const db = openBytes(`${t.testdir({})}/x`, build(pairs).file)
  const seen: unknown[] = []
  for (const data of db.values('a')) {
    seen.push(Buffer.from(data as Uint8Array).toString(), db.getText('b'))
    for (const record of db.records()) if (typeof record === 'number') t.fail('walk')
  }
  t.same(seen, ['1', '2', '3', '2', '4', '2'])
  t.end()
})

t.test('data is the own copy of the caller', (t) => {
  const db = openBytes(`${t.testdir({})}/x`, build(manyPairs(3)).file)
  const data = db.get('k0') as Uint8Array
  data.fill(0)
  t.equal(db.getText('k0'), 'data of 0')
  const kept = [...db.records()]
  t.equal(Buffer.from((kept[0] as { data: Uint8Array }).data).toString(), 'data of 0')
  t.end()
})

t.test('after close nothing is answered, whoever has the descriptor then', (t) => {
  const dir = t.testdir({})
  const db = openBytes(`${dir}/x`, build(manyPairs(3)).file)
  t.equal(db.getText('k1'), 'data of 1')
  const records = db.records()
  records.next()
  db.close()
  const other = openBytes(`${dir}/y`, build([['k1', 'of the other']]).file)
  t.equal(db.get('k1'), -EBADF)
  t.equal(db.get('none'), -EBADF)
  t.same(walked(db), [-EBADF])
  db.close()
  t.equal(other.getText('k1'), 'of the other')
  t.end()
})

t.test('the descriptor is not inherited, and is given back', (t) => {
  const path = `${t.testdir({})}/x`
  writeFileSync(path, build([]).file)
  const fd = sys.open(path, 0, 0)
  sys.close(fd)
  for (let i = 0; i < 100; i++) opened(path).close()
  const after = sys.open(path, 0, 0)
  t.equal(after, fd)
  sys.close(after)
  t.end()
})

t.test('a file that is replaced stays the one that was opened', (t) => {
  const dir = t.testdir({})
  const db = openBytes(`${dir}/x`, build([['k', 'old']]).file)
  writeFileSync(`${dir}/new`, build([['k', 'new']]).file)
  renameSync(`${dir}/new`, `${dir}/x`)
  t.equal(db.getText('k'), 'old')
  t.equal(opened(`${dir}/x`).getText('k'), 'new')
  t.end()
})

t.test('a file that shrinks under the reader', (t) => {
  const path = `${t.testdir({})}/x`
  const { file, end, records } = build([...manyPairs(10), ['long', 'z'.repeat(100_000)]])
  const db = openBytes(path, file)
  t.equal(db.getText('k0'), 'data of 0')
  truncateSync(path, end)
  t.equal(db.get('k1'), -EPROTO, 'no tables')
  writeFileSync(path, file)
  truncateSync(path, records[10]! + 1000)
  t.equal(db.get('long'), -EPROTO)
  const items = walked(db)
  t.equal(items.length, 11)
  t.equal(items[10], -EPROTO)
  t.end()
})

t.test('positions beyond 2 GiB', (t) => {
  const path = `${t.testdir({})}/sparse`
  // One record whose data ends just below 4 GiB, with a second one behind it; nearly all of the file is a hole.
  const tail = 8 + 4 + 3
  const tables = 2 * 16
  const end = 0xffffffff - tables
  const second = end - tail
  const length = second - 2048 - 8 - 3
  const header = Buffer.alloc(2048)
  const records: Array<[number, number]> = [[hash('big'), 2048], [hash('last'), second]] // biome-ignore format: one line
  const parts: Array<[number, Buffer]> = []
  let position = end
  for (let n = 0; n < 256; n++) {
    const mine = records.filter(([h]) => h % 256 === n)
    t.ok(mine.length < 2)
    header.writeUInt32LE(position, n * 8)
    header.writeUInt32LE(mine.length * 2, n * 8 + 4)
    for (const [h, at] of mine) {
      const table = Buffer.alloc(16)
      const slot = Math.floor(h / 256) % 2
      table.writeUInt32LE(h, slot * 8)
      table.writeUInt32LE(at, slot * 8 + 4)
      parts.push([position, table])
      position += 16
    }
  }
  const head = (key: string, size: number) => {
    const bytes = Buffer.alloc(8 + key.length)
    bytes.writeUInt32LE(key.length, 0)
    bytes.writeUInt32LE(size, 4)
    bytes.write(key, 8)
    return bytes
  }
  parts.push([0, header], [2048, head('big', length)], [second, Buffer.concat([head('last', 3), Buffer.from('end')])])
  const fd = openSync(path, 'w')
  for (const [at, bytes] of parts) writeSync(fd, bytes, 0, bytes.length, at)
  closeSync(fd)
  const db = opened(path)
  t.equal(db.getText('last'), 'end')
  t.equal(db.get('none'), undefined)
  db.close()
  t.end()
})
