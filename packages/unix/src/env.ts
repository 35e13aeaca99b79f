/** An environment: a list of entries, kept byte for byte, with the lookups of the C library. */

export class Environment {
  #entries: string[]

  constructor(entries: readonly string[]) {
    this.#entries = entries.slice()
  }

  /** The value of the first entry with this name; undefined when there is none. */
  get(name: string): string | undefined {
    const length = name.length
    for (const entry of this.#entries)
      if (entry.charCodeAt(length) === 61 && entry.startsWith(name)) return entry.slice(length + 1)
    return undefined
  }

  /** Sets the variable; undefined removes it. */
  set(name: string, value: string | undefined): this {
    const start = `${name}=`
    this.#keep((entry) => !entry.startsWith(start))
    if (value !== undefined) this.#entries.push(start + value)
    return this
  }

  /** Sets all these variables; undefined removes one, and of equal names the last counts. */
  setAll(changes: Iterable<readonly [name: string, value: string | undefined]>): this {
    const wanted = new Map(changes)
    this.remove((name) => wanted.has(name))
    for (const [name, value] of wanted) if (value !== undefined) this.#entries.push(`${name}=${value}`)
    return this
  }

  /** Removes every variable whose name the test takes. */
  remove(test: (name: string) => boolean): this {
    this.#keep((entry) => !test(entry.slice(0, Math.max(0, entry.indexOf('=', 1)))))
    return this
  }

  // No filter: see `start` in image.ts.
  #keep(test: (entry: string) => boolean): void {
    const kept: string[] = []
    for (const entry of this.#entries) if (test(entry)) kept.push(entry)
    this.#entries = kept
  }

  /** A copy with these variables set, or removed where the value is undefined. */
  with(changes: Readonly<Record<string, string | undefined>>): Environment {
    return new Environment(this.#entries).setAll(Object.entries(changes))
  }

  /** All entries, in order. */
  entries(): readonly string[] {
    return this.#entries
  }
}
