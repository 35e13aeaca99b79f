import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { makeCdb } from '../src/index.ts'
import { dataOf, listed, manyPairs, opened, type Pair, random, uglyPairs, walked } from './lib/reference.ts'

function cdb(...args: string[]): Buffer {
  return execFileSync('cdb', args, { maxBuffer: 1 << 28 })
}

function installed(): boolean {
  try {
    cdb('-h')
    return true
  } catch {
    return false
  }
}

/** The records in the form that `cdb -c` reads and `cdb -d` writes. */
function dump(pairs: readonly Pair[]): Buffer {
  const lines = pairs.map(([key, data]) => `+${key.length},${data.length}:${key}->${data}\n`)
  return Buffer.from(`${lines.join('')}\n`, 'latin1')
}

function randomPairs(count: number, seed: number): Pair[] {
  const pick = random(seed)
  const bytes = (n: number) => String.fromCharCode(...Array.from({ length: n }, () => pick(256)))
  return Array.from({ length: count }, () => [bytes(pick(4) === 0 ? pick(2) : pick(40)), bytes(pick(60))])
}

const CASES: Array<[string, readonly Pair[]]> = [
  ['no records', []],
  ['one', [['k', 'v']]],
  ['one of nothing', [['', '']]],
  ['ugly', uglyPairs()],
  ['thousands', manyPairs(5000)],
  ['equal keys', Array.from({ length: 500 }, (_, i) => ['same', `${i}`])],
  ['random bytes, some keys equal', randomPairs(2000, 7)],
  ['random bytes, few records', randomPairs(20, 8)],
]

if (!installed()) {
  t.test('comparison with tinycdb, both ways', { skip: 'no cdb command (Debian: tinycdb)' }, () => {})
} else {
  for (const [name, pairs] of CASES) {
    t.test(name, (t) => {
      const dir = t.testdir({})
      writeFileSync(`${dir}/in`, dump(pairs))
      cdb('-c', `${dir}/theirs`, `${dir}/in`)
      t.equal(makeCdb(`${dir}/ours`, pairs), 0)
      t.ok(readFileSync(`${dir}/ours`).equals(readFileSync(`${dir}/theirs`)), 'the same bytes')

      const db = opened(`${dir}/theirs`)
      t.strictSame(walked(db), pairs, 'ours reads theirs')
      let wrong = 0
      for (const key of new Set(pairs.map(([key]) => key))) {
        if (db.getText(key) !== dataOf(pairs, key)[0]) wrong++
        if (listed(db.values(key)).join('|') !== dataOf(pairs, key).join('|')) wrong++
      }
      t.equal(wrong, 0, 'every key')
      db.close()

      t.ok(cdb('-d', `${dir}/ours`).equals(dump(pairs)), 'theirs reads ours')
      const asked = pairs.filter(([key]) => !key.includes('\0') && !/[^ -~]/.test(key)).slice(0, 5)
      for (const [key] of asked)
        t.equal(cdb('-q', '-n', '1', `${dir}/ours`, key).toString('latin1'), dataOf(pairs, key)[0], 'theirs finds it')
      t.end()
    })
  }
}
