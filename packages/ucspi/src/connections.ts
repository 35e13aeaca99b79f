/** Which connections there are, and how many of each client. Pure. */
import { clientKey } from './address.ts'

/** The connections that a listener has handed to a child each. */
export class Connections {
  readonly #clients = new Map<number, string>()
  readonly #counts = new Map<string, number>()

  /** How many there are. */
  get size(): number {
    return this.#clients.size
  }

  /** The children. */
  get pids(): Iterable<number> {
    return this.#clients.keys()
  }

  /** How many the client at this address has. */
  countOf(ip: string): number {
    return this.#counts.get(clientKey(ip)) ?? 0
  }

  /** A child has taken over a connection from this address. */
  add(pid: number, ip: string): void {
    const key = clientKey(ip)
    this.#clients.set(pid, key)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** The child has ended; false if it had no connection. */
  remove(pid: number): boolean {
    const key = this.#clients.get(pid)
    if (key === undefined) return false
    this.#clients.delete(pid)
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
    return true
  }
}
