/** Runs and times whole processes, interleaved, so that a noisy machine treats all alike. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { statusOf, sys } from '../packages/unix/src/index.ts'

// Node's own descriptors are not to reach the programs.
sys.inheritable(new Int32Array(0))
for (let fd = 3; fd < 256; fd++) if (sys.isopen(fd) === 0) sys.keep(fd, 0)

export interface Command {
  readonly argv: readonly string[]
  readonly env?: readonly string[]
  /** Files for descriptors, default /dev/null for 0, 1 and 2. */
  readonly files?: Readonly<Record<number, string>>
  /** Descriptors here for descriptors there. */
  readonly fds?: Readonly<Record<number, number>>
}

/** Starts it: its pid. */
export function begin(command: Command): number {
  const files: Record<number, string> = { 0: '/dev/null', 1: '/dev/null', 2: '/dev/null', ...command.files }
  for (const to of Object.keys(command.fds ?? {})) delete files[Number(to)]
  const opened = Object.entries(files).map(([to, path]) => [openSync(path, to === '0' ? 'r' : 'w'), Number(to)])
  const given = Object.entries(command.fds ?? {}).map(([to, from]) => [from, Number(to)])
  const path = command.argv[0] ?? ''
  const pid = sys.spawn(path, command.argv, command.env ?? [], Int32Array.from([...opened, ...given].flat()), 0)
  for (const [fd] of opened) if (fd !== undefined) closeSync(fd)
  if (pid < 0) throw new Error(`unable to run ${path}: ${pid}`)
  return pid
}

/** Waits for it; throws unless it exits with the code. */
export function end(pid: number, code = 0): void {
  const raw = new Int32Array(1)
  sys.waitpid(pid, 0, raw)
  const status = statusOf(raw[0] ?? 0)
  if (status.code !== code) throw new Error(`exit ${status.code}, signal ${status.signal}, wanted ${code}`)
}

/** Milliseconds from start to end. */
export function time(command: Command, code = 0): number {
  const began = sys.clock(1)
  end(begin(command), code)
  return sys.clock(1) - began
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** [reading end, writing end] */
export function pipe(): [number, number] {
  const ends = sys.pipe()
  if (typeof ends === 'number') throw new Error('no pipe')
  return ends
}

/** Starts what prints its port when it listens. */
export function listening(command: Command): { readonly pid: number; readonly port: number } {
  const [said, output] = pipe()
  const pid = begin({ ...command, fds: { ...command.fds, 1: output } })
  sys.close(output)
  const buffer = new Uint8Array(16)
  const n = sys.read(said, buffer, 0, buffer.length)
  sys.close(said)
  return { pid, port: Number(Buffer.from(buffer.subarray(0, n)).toString()) }
}

/** The median of each, measured in turn: a b c, a b c, ... after one round that does not count. */
export function interleave(rounds: number, ...measures: ReadonlyArray<() => number>): number[] {
  const values = measures.map(() => [] as number[])
  for (let round = 0; round <= rounds; round++) {
    measures.forEach((measure, i) => {
      const value = measure()
      if (round > 0) values[i]?.push(value)
    })
  }
  return values.map(median)
}

/** A field of /proc/PID/FILE in kB. */
export function kilobytes(pid: number, file: 'status' | 'smaps_rollup', field: string): number {
  const text = readFileSync(`/proc/${pid}/${file}`, 'latin1')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN)
}

/** A figure as a multiple of what /bin/true takes. */
export function ratio(ms: number, base: number): string {
  return `${(ms / base).toFixed(2)} x /bin/true (${ms.toFixed(2)} ms)`
}

/** One row of the table. */
export function row(what: string, figure: string, budget: string): void {
  console.log(`${what.padEnd(58)} ${figure.padEnd(34)} ${budget}`)
}
