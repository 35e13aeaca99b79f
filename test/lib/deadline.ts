/** Decides how long anything in a case may take, and what its failure is. */
import { setTimeout as delay } from 'node:timers/promises'

/** What a case can fail by: its message is one of the reasons shown. */
export class Fail extends Error {}

/** The moment by which a whole case must be over. */
export class Deadline {
  readonly #at: number

  constructor(seconds: number) {
    this.#at = performance.now() + seconds * 1000
  }

  /** Milliseconds that are left, never negative. */
  get left(): number {
    return Math.max(0, this.#at - performance.now())
  }

  get passed(): boolean {
    return this.left === 0
  }

  /** The promise's value, or a failure if the time is up before. */
  async within<T>(promise: Promise<T>, why: string): Promise<T> {
    const late = new Fail(why)
    const value = await soon(promise, this.left, late)
    if (value === late) throw late
    return value as T
  }
}

/** The promise's value, or the substitute after so many milliseconds. */
export async function soon<T, S>(promise: Promise<T>, milliseconds: number, substitute: S): Promise<T | S> {
  const timer = new AbortController()
  const late = delay(milliseconds, substitute, { signal: timer.signal })
  late.catch(() => {}) // aborted
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

/** Something that may change; whoever waits looks again after every change. */
export class Change {
  readonly #waiting = new Set<() => void>()

  notify(): void {
    for (const resolve of [...this.#waiting]) resolve()
  }

  /** Resolves at the next change, or after so many milliseconds. */
  async wait(milliseconds: number): Promise<void> {
    const { promise, resolve } = resolvable()
    const timer = setTimeout(resolve, milliseconds)
    this.#waiting.add(resolve)
    await promise
    this.#waiting.delete(resolve)
    clearTimeout(timer)
  }
}

function resolvable(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** Waits until the test holds: true, or false when the time is up. The test is made again at each change. */
export async function until(change: Change, deadline: Deadline, test: () => boolean): Promise<boolean> {
  while (!test()) {
    if (deadline.passed) return false
    await change.wait(deadline.left)
  }
  return true
}
