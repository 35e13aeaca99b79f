/** Running programs of which there will be many. */
import { Environment } from './env.ts'
import type { Errno } from './errno.ts'
import { environment, inside, type Program, type RunOptions, run, runFound, type Status, takeOver } from './image.ts'
import { REHEARSALS, rehearse } from './rehearse.ts'
import { now } from './wait-for.ts'

/** A rehearsal takes as long as the program computes: of one that takes longer, what a start costs is no matter. */
const QUICK_MS = 5

/** As `run`. */
export type Run = (argv: readonly string[], options: RunOptions) => Status | Errno

/**
 * A way to run programs when many runs are expected. After so many of them (Infinity: never), if each was quick, it
 * goes the way of the next one before: that costs as much as a few runs, and saves a fifth of each that follows. From
 * then on the path leads to what it has led to then.
 */
export function manyRuns(after: number): Run {
  let count = 0
  let quick = true
  let found: Program | undefined
  let where = ''
  return (argv, options) => {
    if (found !== undefined && options.path === where && argv[0] === where) return runFound(found, argv, options)
    if (count++ === after && quick) {
      found = rehearsed(argv, options.path, options.env ?? environment())
      where = options.path
    }
    const began = now()
    const status = run(argv, options)
    quick &&= now() - began < QUICK_MS
    return status
  }
}

/** Prepares for the run of a program, if it is one of ours that runs in a fork: that program. */
function rehearsed(argv: readonly string[], path: string, env: Environment): Program | undefined {
  const program = inside(path, argv, env)
  if (program === undefined) return undefined
  program.prepare()
  const began = now()
  for (let i = 0; i < REHEARSALS && now() - began < QUICK_MS; i++)
    rehearse(() => takeOver(program, [...argv], new Environment(env.entries())))
  return program
}
