/** Decides which inputs a property is tried with, and how a failure is told so that it can be had again. */
import type { Test } from 'tap'
import { shown } from './bytes.ts'

/** Numbers that look random and come again with the same seed (Marsaglia's xorshift). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) | 0 || 1
    for (let i = 0; i < 8; i++) this.int(2)
  }

  /** 0 to n - 1 */
  int(n: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % n
  }

  /** True once in n times. */
  once(n: number): boolean {
    return this.int(n) === 0
  }

  /** One of them. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T
  }

  /** So many pieces at most, one after the other; fewer pieces are more likely. */
  join(pieces: readonly string[], most: number): string {
    return Array.from({ length: this.int(this.int(most) + 1) }, () => this.pick(pieces)).join('')
  }

  /** The text cut into pieces: mostly one, or a few, or single bytes. */
  cut(text: string): readonly string[] {
    const size = this.pick([text.length, text.length, 1000, 20, 3, 1])
    const pieces: string[] = []
    for (let at = 0; at < text.length; ) {
      const length = 1 + this.int(Math.max(1, size))
      pieces.push(text.slice(at, at + length))
      at += length
    }
    return pieces
  }
}

/** A property has not held; `input` is what it was tried with. */
export class Broken extends Error {
  readonly input: string

  constructor(why: string, input: string) {
    super(why)
    this.input = input
  }
}

/** Fails unless both are the same. */
export function same(found: unknown, wanted: unknown, what: string, input: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (a === b) return
  const at = [...a].findIndex((c, i) => c !== b[i])
  const from = Math.max(0, at - 40)
  throw new Broken(`${what}: ...${a.slice(from, at + 80)}, not ...${b.slice(from, at + 80)}`, input)
}

/** Fails unless it is true. */
export function holds(so: boolean, what: string, input: string): void {
  if (!so) throw new Broken(what, input)
}

const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 0)
const SEED = Number(process.env['FUZZ_SEED'] ?? (SECONDS > 0 ? Date.now() % 1e9 : 1))

/**
 * Tries a property with one input after the other: `runs` of them, always the same ones; or, with FUZZ_SECONDS, others
 * for so long. The seed of an input that breaks it is shown: FUZZ_SEED begins with that one.
 */
export async function fuzz(t: Test, runs: number, property: (random: Random) => void | Promise<void>): Promise<void> {
  const until = Date.now() + SECONDS * 1000
  let seed = SEED
  for (; SECONDS > 0 ? Date.now() < until : seed < SEED + runs; seed++) {
    try {
      await property(new Random(seed))
    } catch (error) {
      const input = error instanceof Broken ? `, with ${shown(error.input)}` : ''
      t.fail(`FUZZ_SEED=${seed}: ${error instanceof Error ? error.message : String(error)}${input}`)
      return
    }
  }
  t.pass(`${seed - SEED} inputs from FUZZ_SEED=${SEED} on`)
}
