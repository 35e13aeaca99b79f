/** Runs the program of a table that argv[0] names. */
import {
  args,
  compiled,
  exit,
  fatal,
  inheritListed,
  type Program,
  programName,
  start,
  sys,
  Writer,
} from '@moreqmail/unix'

/** What every program's main.ts exports. */
export interface Module {
  /** Answers --help: the name and the arguments. */
  readonly synopsis: string
  readonly main: () => void
}

/** What has to be known of a program before it runs. */
export interface Facts {
  /** Exit code of an unforeseen failure: the temporary code of its family. */
  readonly failure: number
  /** Descriptor 2 may be the report: an unforeseen failure must not write there. */
  readonly silent?: true
  /** Uses the event loop: always has an image of its own. */
  readonly fresh?: true
  /** What it reads in a rehearsal; default nothing. */
  readonly rehearsal?: string
  /** Run by our own programs only: has no link. */
  readonly internal?: true
}

/** A program of the executable. */
export interface Entry extends Facts {
  /** Evaluates the program's code. */
  readonly load: () => Module
}

declare const MOREQMAIL_VERSION: string

/** `--help` and `--version` are ours only when they are all there is: else they belong to a chained program. */
function answer(module: Module): void {
  const [only] = args()
  if (only !== '--help' && only !== '--version') return
  const out = new Writer(1)
  if (only === '--version') out.puts(`${programName()} (moreqmail) ${MOREQMAIL_VERSION}\n`)
  else out.puts(`usage: ${module.synopsis}\nManual: man 8 ${programName()}\n`)
  exit(out.flush() ? 0 : 111)
}

function program(entry: Entry): Program {
  let module: Module | undefined
  const load = (): Module => {
    module ??= entry.load()
    return module
  }
  return {
    prepare: load,
    failure: entry.failure,
    silent: entry.silent ?? false,
    fresh: entry.fresh ?? false,
    rehearsal: entry.rehearsal ?? '',
    main: () => {
      const module = load()
      if (args().length === 1) answer(module)
      module.main()
    },
  }
}

/** The executable under its own name: says what it is made of. */
function itself(names: readonly string[]): Program {
  return {
    prepare: () => undefined,
    failure: 111,
    silent: false,
    fresh: false,
    rehearsal: '',
    main: () => {
      const out = new Writer(1)
      if (args()[0] === '--list') out.puts(names.map((name) => `${name}\n`).join(''))
      else out.puts(`moreqmail ${MOREQMAIL_VERSION}: run under one of these names: ${names.join(' ')}\n`)
      exit(!out.flush() ? 111 : args().length > 0 ? 0 : 100)
    },
  }
}

/**
 * Does what the executable is for: never returns, but for a program that uses the event loop. `names` are those of the
 * programs that have links; `find` knows others too, and is not asked twice.
 */
export function toolkit(names: readonly string[], find: (name: string) => Entry | undefined): void {
  const argv = sys.argv()
  if (typeof argv === 'number') fatal(111, 'unable to find out the arguments', argv)
  if (!compiled) inheritListed()
  const found = new Map<string, Program>()
  const lookup = (name: string): Program | undefined => {
    const entry = find(name)
    return entry ? program(entry) : name === 'moreqmail' ? itself(names) : undefined
  }
  // On Node the launcher runs `node moreqmail.cjs PROGRAM ARGUMENTS`.
  start(compiled ? argv : argv.slice(2), (name) => {
    const one = found.get(name) ?? lookup(name)
    if (one !== undefined) found.set(name, one)
    return one
  })
}
