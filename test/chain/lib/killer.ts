/** Decides which processes die while a service runs, and when. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../lib/fuzz.ts'
import { processesWith } from './service.ts'

/** The parent of each process. */
function parents(): ReadonlyMap<number, number> {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return new Map(
    names.map((name) => {
      const stat = read(`/proc/${name}/stat`)
      return [Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]
    }),
  )
}

/** The children of a process. */
export function childrenOf(pid: number): readonly number[] {
  return [...parents()].filter(([, parent]) => parent === pid).map(([child]) => child)
}

/** The processes that descend from these, without them. */
function descendants(roots: readonly number[]): readonly number[] {
  const all = parents()
  const found = new Set(roots)
  for (let size = 0; size < found.size; ) {
    size = found.size
    for (const [pid, parent] of all) if (found.has(parent)) found.add(pid)
  }
  return [...found].filter((pid) => !roots.includes(pid))
}

/** Everything that runs for a service with this home, below these processes or left alone by them, without them. */
export function family(home: string, roots: readonly number[]): readonly number[] {
  if (roots.some((pid) => !(pid > 1))) throw new Error('all processes descend from the first')
  const all = new Set([...descendants(roots), ...processesWith(home)])
  return [...all].filter((pid) => !roots.includes(pid))
}

/** What a process holds: descriptors, threads, and kilobytes of memory that are not of a file. */
export interface Holdings {
  readonly descriptors: number
  readonly threads: number
  readonly kilobytes: number
}

export function holdings(pid: number): Holdings {
  const status = read(`/proc/${pid}/status`)
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
    kilobytes: field('RssAnon'),
  }
}

/** Where the descriptors of a process lead, for whoever looks for one too many. */
export function openFiles(pid: number): string {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => `${fd}:${readlinkSync(`/proc/${pid}/fd/${fd}`)}`)
    .join(' ')
}

/** Kills at random moments until it is stopped. */
export class Killer {
  /** The names of those that were killed, by pid. */
  readonly killed = new Map<number, string>()
  #stopping = false
  readonly #done: Promise<void>

  /** Every `milliseconds`, on average, one of `victims`, which is asked each time. */
  constructor(random: Random, milliseconds: number, victims: (killed: number) => readonly number[]) {
    this.#done = this.#run(random, milliseconds, victims)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#done
  }

  async #run(random: Random, milliseconds: number, victims: (killed: number) => readonly number[]): Promise<void> {
    while (milliseconds > 0) {
      await delay(random.int(2 * milliseconds))
      if (this.#stopping) return
      const pids = victims(this.killed.size)
      if (pids.length > 0) this.#kill(random.pick(pids))
    }
  }

  #kill(pid: number): void {
    const name = read(`/proc/${pid}/comm`).trim()
    if (kill(pid)) this.killed.set(pid, name)
  }
}

/** Kills a process; false if it is gone. */
export function kill(pid: number): boolean {
  // 0 would be this process and all around it.
  if (!(pid > 1)) throw new Error(`${pid} is not to be killed`)
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
