/** Patterns and values at random, the same for the same seed. */

/** Numbers below n. */
export type Random = (n: number) => number

export function randomFrom(seed: number): Random {
  let state = seed
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >> 8) % n
  }
}

function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)]!
}

function times(random: Random, most: number, make: () => string): string {
  return Array.from({ length: random(most + 1) }, make).join('')
}

/** A pattern of elements put together by the rules, so that most are good; `depth`: groups in groups. */
export function wellFormed(random: Random, elements: readonly string[], depth: number): string {
  const piece = (): string => {
    const kind = random(12)
    const atom = depth > 0 && kind < 4 ? `(${wellFormed(random, elements, depth - 1)})` : oneOf(random, elements)
    const count = oneOf(random, ['', '', '', '*', '+', '?', '{2}', '{,2}', '{1,}', '{0,1}', '**', '{2}?'])
    return atom + count
  }
  return Array.from({ length: 1 + random(2) }, () => times(random, 4, piece)).join('|')
}

/** Pieces in any order, so that most are bad. */
export function illFormed(random: Random, pieces: readonly string[]): string {
  return times(random, 8, () => oneOf(random, pieces))
}

export function value(random: Random, bytes: readonly string[], most = 10): string {
  return times(random, most, () => oneOf(random, bytes))
}
