/** Numbers and texts that are the same in every run. */

/** Whole numbers from 0 up to below a limit, from a seed (mulberry32). */
export function random(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % limit
  }
}

/** What address lists are made of, ugly things among it. */
const PARTS = [
  ...['joe', 'fred', 'a', 'b.c', 'host', 'example', '"Joe Shmoe"', '"a, b"', '"a\\"b"', '""', '"', '\\', '\\"', '\\ '],
  ...[
    '(note)',
    '(a (b))',
    '(',
    ')',
    '(\\))',
    '[1.2.3.4]',
    '[',
    ']',
    '[x\\]y]',
    '<',
    '>',
    '<>',
    '<a@b.c>',
    ':',
    ';',
    ',',
  ],
  ...[', ', ' ', '  ', '\t', '.', '..', '@', 'a@b', 'x@y.z', '=?utf-8?q?a?=', '=?', '\0', '\r', '\x01', '\x7f', '\xfc'],
]

/** A text of up to `most` parts of address lists. */
export function listText(pick: (limit: number) => number, most: number): string {
  return Array.from({ length: pick(most + 1) }, () => PARTS[pick(PARTS.length)]).join('')
}
