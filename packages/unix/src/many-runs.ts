/** Running programs of which there will be many. */
import { Environment } from './env.ts'
import type { Errno } from './errno.ts'
import { environment, inside, run, type SpawnOptions, type Status, takeOver } from './image.ts'
import { REHEARSALS, rehearse } from './rehearse.ts'
import { now } from './wait-for.ts'

/** A rehearsal takes as long as the program computes: of one that takes longer, what a start costs is no matter. */
const QUICK_MS = 5

/** As `run`. */
export type Run = (argv: readonly string[], options: SpawnOptions & { readonly path: string }) => Status | Errno

/**
 * A way to run programs when many runs are expected. After so many of them (Infinity: never), if each was quick, it
 * goes the way of the next one before: that costs as much as a few runs, and saves a fifth of each that follows.
 */
export function manyRuns(after: number): Run {
  let count = 0
  let quick = true
  return (argv, options) => {
    if (count++ === after && quick) rehearseRun(argv, options.path, options.env ?? environment())
    const began = now()
    const status = run(argv, options)
    quick &&= now() - began < QUICK_MS
    return status
  }
}

/** Prepares for the run of a program, if it is one of ours that runs in a fork. */
function rehearseRun(argv: readonly string[], path: string, env: Environment): void {
  const program = inside(path, argv, env)
  if (program === undefined) return
  program.prepare()
  const began = now()
  for (let i = 0; i < REHEARSALS && now() - began < QUICK_MS; i++)
    rehearse(() => takeOver(program, [...argv], new Environment(env.entries())))
}
