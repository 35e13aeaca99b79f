/** The running image: its arguments, its environment, and how it becomes or starts other programs. */
import { basename, LF } from './bytes.ts'
import { Environment } from './env.ts'
import { EACCES, EBUSY, ENOENT, ENOTDIR, type Errno } from './errno.ts'
import { compiled, makeReady, sys } from './shim.ts'
import { SIGKILL } from './signals.ts'

/** One of our programs, as the toolkit's table has it. */
export interface Program {
  /** Makes its code ready to run; the second time there is nothing left to do. */
  readonly prepare: () => void
  /** Runs it; a synchronous program never returns. */
  readonly main: () => void
  /** Exit code of a failure that nobody has foreseen: the family's temporary one. */
  readonly failure: number
  /** True if such a failure must not show on descriptor 2. */
  readonly silent: boolean
  /** True if it uses the event loop, so that it always needs an image of its own. */
  readonly fresh: boolean
  /** What it reads on descriptor 0 when it is rehearsed. */
  readonly rehearsal: string
}

/** Finds one of our programs by name. */
export type Lookup = (name: string) => Program | undefined

interface Image {
  argv: readonly string[]
  env: Environment | undefined
  lookup: Lookup
  fresh: boolean
  /** Set once this process has changed its user and its memory may hold what the new one must not see. */
  crossed: boolean
  /** On Node: the descriptors above 2 that were there before the runtime. */
  listed: readonly number[]
}

const image: Image = { argv: [], env: undefined, lookup: () => undefined, fresh: false, crossed: false, listed: [] }

/** The arguments of the running program, without its name. */
export function args(): readonly string[] {
  return image.argv.slice(1)
}

/** The name the program was started by: the last part of argv[0]. */
export function programName(): string {
  return basename(image.argv[0] ?? '')
}

/** The environment of the running program; changes to it reach what it execs and spawns. */
export function environment(): Environment {
  image.env ??= new Environment(sys.environ())
  return image.env
}

/** The value of a variable, undefined when it is not set. */
export function env(name: string): string | undefined {
  return environment().get(name)
}

/** Ends the process. Nothing buffered is written: writers are flushed before. */
export function exit(code: number): never {
  sys.exit(code)
}

/** From here on our own programs get a new image: the memory of this one belongs to another user. */
export function crossTrustBoundary(): void {
  image.crossed = true
}

/**
 * Called once by the toolkit: takes the arguments and runs the program they name. On the way from here to a program's
 * first output there are no generators and, as far as possible, no methods that the engine has in JavaScript itself, as
 * most of arrays and of bytes: it compiles each when it is first used, which takes 0.02 to 0.3 ms.
 */
export function start(argv: readonly string[], lookup: Lookup): void {
  image.argv = argv
  image.lookup = lookup
  const program = lookup(programName())
  if (program === undefined) {
    complain(`unknown program; its name must be one of moreqmail's`)
    exit(100)
  }
  launch(program)
}

/** Runs a program so that nothing it throws looks like success or reaches its caller. */
function launch(program: Program): void {
  image.fresh = program.fresh
  const failed = (error: unknown): never => {
    if (!program.silent) complain(`fatal: ${error instanceof Error ? error.message : String(error)}`)
    exit(program.failure)
  }
  try {
    if (program.fresh) {
      process.on('uncaughtException', failed)
      process.on('unhandledRejection', failed)
    }
    program.main()
    if (!program.fresh) failed(new Error('ended without a result'))
  } catch (error) {
    if (error === REHEARSED) throw error
    failed(error)
  }
}

/** What is thrown at the end of a rehearsal. */
export const REHEARSED = Symbol('rehearsed')

/** Runs the body, which may become other programs on its way; then this image is again what it was. */
export function andBack(body: () => void): void {
  const before = { ...image, env: image.env && new Environment(image.env.entries()) }
  try {
    body()
  } finally {
    Object.assign(image, before)
  }
}

/** What the running program is to read in a rehearsal. */
export function rehearsalInput(): string {
  return image.lookup(programName())?.rehearsal ?? ''
}

/** `PROGRAM: TEXT` on descriptor 2. */
export function complain(text: string): void {
  note(`${programName()}: ${text}`)
}

/**
 * One line on descriptor 2, by a single write: bytes below 32 and 127 become `?`. Nothing can be done about a failure.
 */
export function note(text: string): void {
  const line = new Uint8Array(text.length + 1)
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i)
    line[i] = byte < 32 || byte === 127 || byte > 255 ? QUESTION : byte
  }
  line[text.length] = LF
  sys.write(2, line, 0, line.length)
}

const QUESTION = 63

/** Where a program may be, in order: the name itself if it has a slash, else through PATH. */
export function candidates(name: string, path = '/bin:/usr/bin'): readonly string[] {
  if (name.includes('/')) return [name]
  const paths: string[] = []
  for (let from = 0; name !== '' && from <= path.length; ) {
    const colon = path.indexOf(':', from)
    const end = colon < 0 ? path.length : colon
    paths.push(`${end === from ? '.' : path.slice(from, end)}/${name}`)
    from = end + 1
  }
  return paths
}

/** The kernel takes no argument and no variable that is longer. More than this goes to it, to be judged by it. */
const MUCH = 128 * 1024

/** True if all these together are longer than a single one may be. */
function isMuch(words: readonly string[]): boolean {
  let length = 0
  for (const word of words) length += word.length + 1
  return length > MUCH
}

/** True if another program, or the same once more, may run in this image or in a fork of it. */
export function canFork(): boolean {
  return compiled && !image.fresh && !image.crossed && env('MOREQMAIL_EXEC') !== 'always'
}

/** Our own program that this path and argv would start, if it may run in this image. */
export function inside(path: string, argv: readonly string[], next: Environment): Program | undefined {
  if (!canFork()) return undefined
  if (sys.isself(path) !== 1 || sys.access(path, 1) !== 0 || isMuch(next.entries()) || isMuch(argv)) return undefined
  if (next.get('MOREQMAIL_EXEC') === 'always') return undefined
  const program = image.lookup(basename(argv[0] ?? ''))
  return program?.fresh ? undefined : program
}

/** Goes on as another program in this image, once descriptors, signals and name are its own. */
export function takeOver(program: Program, argv: readonly string[], next: Environment): never {
  image.argv = argv
  image.env = next
  launch(program)
  exit(program.failure)
}

/**
 * Becomes another program: argv[0] is looked up on the PATH of the environment handed over, as execvp does but
 * without a shell. Descriptors above 2 that were inherited, kept or duplicated stay open. Returns only the
 * (negative) errno for which it could not be run.
 */
export function exec(argv: readonly string[], next: Environment = environment()): number {
  return attempt(argv, next, (path) => execPath(path, argv, next))
}

/**
 * Becomes another program of this executable, the one that argv[0] names, wherever that is installed. Otherwise as exec.
 */
export function execSelf(argv: readonly string[], next: Environment = environment()): number {
  const name = argv[0] ?? ''
  if (compiled) {
    // The kernel calls the process by the last part of the path, so a link of that name comes first.
    const link = siblingOf(ownLink(next) ?? '', name)
    return execPath(sys.isself(link) === 1 ? link : linux ? '/proc/self/exe' : process.execPath, argv, next)
  }
  // On Node the links to the launcher stand beside the script.
  const own = sys.argv()
  const errno = execPath(siblingOf(typeof own === 'number' ? '' : (own[1] ?? ''), name), argv, next)
  // Those that only our own programs run have no link.
  if (errno !== -ENOENT || typeof own === 'number') return errno
  return sys.exec(process.execPath, [...own.slice(0, 2), ...argv], withListed(next).entries())
}

/** On Node: names the descriptors above 2 that the runtime, when it starts, is to take for inherited ones. */
const LISTED = 'MOREQMAIL_FDS'
/** On Node: variables, each in a line, whose names the launcher's shell may have dropped. */
const DROPPED = 'MOREQMAIL_NAMED'

/** Takes over the lists that the launcher has made; called once, on Node. */
export function inheritListed(): void {
  image.listed = (env(LISTED) ?? '').split(' ').filter(Boolean).map(Number)
  for (const entry of (env(DROPPED) ?? '').split('\n').filter(Boolean)) {
    const equals = entry.indexOf('=')
    environment().set(entry.slice(0, equals), entry.slice(equals + 1))
  }
  environment().set(LISTED, undefined).set(DROPPED, undefined)
  sys.inheritable(Int32Array.from(image.listed))
}

/** The environment for the runtime itself, which has no launcher before it then; `fds` are there besides. */
function withListed(next: Environment, fds: SpawnOptions['fds'] = []): Environment {
  const more = fds.flatMap(([to, from]) => (to > 2 && from !== 'closed' ? [to] : []))
  return next.with({ [LISTED]: [...image.listed, ...more].join(' ') })
}

/** A name in the directory of a path. */
function siblingOf(path: string, name: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1) + name
}

/** The path by which the running program was started, as far as it still leads to it. */
function ownLink(next: Environment): string | undefined {
  for (const path of candidates(image.argv[0] ?? '', next.get('PATH'))) if (sys.isself(path) === 1) return path
  return undefined
}

/** Becomes the program in a file, without a search for it. Otherwise as exec. */
export function execPath(path: string, argv: readonly string[], next: Environment = environment()): number {
  const program = inside(path, argv, next)
  if (program === undefined) return sys.exec(path, argv, next.entries())
  const errno = sys.become(argv)
  return errno < 0 ? errno : takeOver(program, [...argv], new Environment(next.entries()))
}

/** Tries the candidates for argv[0] until one works: its result, or the negative errno to report. */
function attempt(argv: readonly string[], next: Environment, one: (path: string) => number): number {
  let worst = -ENOENT
  for (const path of candidates(argv[0] ?? '', next.get('PATH'))) {
    const result = one(path)
    if (result === -EACCES) worst = result
    else if (result !== -ENOENT && result !== -ENOTDIR) return result
  }
  return worst
}

/** How a program is started. */
export interface SpawnOptions {
  /** Its environment; default ours. */
  readonly env?: Environment
  /** Its descriptors that differ from ours: [number in the child, our descriptor or 'closed']. Overlaps are fine. */
  readonly fds?: ReadonlyArray<readonly [number, number | 'closed']>
  /** A process group of its own. */
  readonly group?: boolean
  /** A session of its own. */
  readonly session?: boolean
  /** It has no other descriptors above 2 than those of `fds`. */
  readonly only?: boolean
  /** The file to run, in place of looking argv[0] up on the PATH. */
  readonly path?: string
}

/** How one is run of which there will be many. */
export type RunOptions = Pick<SpawnOptions, 'env' | 'fds'> & { readonly path: string }

const linux = process.platform === 'linux'

const NO_MAP = new Int32Array(0)

/** Flags of the shim's spawn and fork. */
const ONLY = 4
const TELLS = 8

/** The pairs as the system calls take them: from, to. */
function mapOf(fds: NonNullable<SpawnOptions['fds']>): Int32Array {
  const map = new Int32Array(2 * fds.length)
  let at = 0
  for (const [to, from] of fds) {
    map[at++] = from === 'closed' ? -1 : from
    map[at++] = to
  }
  return map
}

/**
 * Starts a program as a child: its pid, or a negative errno (the exec's too). Ours run in a fork of this image where
 * nobody can tell, all others in a new one. What is buffered must have been written before.
 */
export function spawn(argv: readonly string[], options: SpawnOptions = {}): number {
  return begin(argv, options, 0)
}

function begin(argv: readonly string[], options: SpawnOptions, more: number): number {
  const next = options.env ?? environment()
  const map = options.fds === undefined ? NO_MAP : mapOf(options.fds)
  const flags = (options.group ? 1 : 0) + (options.session ? 2 : 0) + (options.only ? ONLY : 0)
  const one = (path: string): number => {
    const program = inside(path, argv, next)
    if (program !== undefined) {
      // What is ready before the fork is ready in every child.
      program.prepare()
      makeReady('exit')
      const pid = forkInto(program, argv, next, map, flags + more)
      if (pid !== -EBUSY) return pid
    }
    return sys.spawn(path, argv, next.entries(), map, flags)
  }
  return options.path === undefined ? attempt(argv, next, one) : one(options.path)
}

function forkInto(
  program: Program,
  argv: readonly string[],
  next: Environment,
  map: Int32Array,
  flags: number,
): number {
  const pid = sys.fork(argv, map, flags)
  return pid === 0 ? takeOver(program, argv, next) : pid
}

/** Starts the program that is running anew, under its pid and with its arguments. Returns only a negative errno. */
export function startAnew(next: Environment): Errno {
  // The kernel calls the process by the last part of the path: the link's name, not that of what it leads to.
  return sys.exec(ownLink(next) ?? process.execPath, image.argv, next.entries())
}

/**
 * Splits the process: the child goes on behind the call too, with 0 as its answer and its descriptors and signals as
 * spawn would leave them (`only` as there). The parent gets its pid, or a negative errno: -EBUSY where this image can't
 * be had twice, so that spawnSelf has to do.
 */
export function fork(fds: NonNullable<SpawnOptions['fds']> = [], only = false): number {
  return canFork() ? sys.fork(image.argv, mapOf(fds), only ? ONLY : 0) : -EBUSY
}

/**
 * Starts the program that is running once more, as a child with these arguments: its pid, or a negative errno. As
 * spawn, but no path leads to it, so that an executable replaced meanwhile makes no difference to a fork.
 */
export function spawnSelf(words: readonly string[], options: Omit<SpawnOptions, 'path'> = {}): number {
  return spawnOwn([image.argv[0] ?? '', ...words], options)
}

/** Starts the program of this executable that argv[0] names as a child: its pid, or a negative errno. As spawnSelf. */
export function spawnOwn(argv: readonly string[], options: Omit<SpawnOptions, 'path'> = {}): number {
  if (compiled) return spawn(argv, { ...options, path: linux ? '/proc/self/exe' : process.execPath })
  // On Node the runtime's own arguments come first: itself and the script.
  const own = sys.argv()
  const next = withListed(options.env ?? environment(), options.fds)
  const words = [...(typeof own === 'number' ? [] : own.slice(0, 2)), ...argv]
  return spawn(words, { ...options, env: next, path: process.execPath })
}

/** What a byte leads to: a line on descriptor 2, or none; then a program of ours, or the end with this code. */
export interface Choice {
  /** `end`: the end of file; `other`: what no other choice is for. */
  readonly byte: string
  readonly line: string
  readonly code: number
  readonly argv?: readonly string[]
}

/**
 * Starts a child that waits for one byte on a descriptor and makes the choice for it; until then it costs next to
 * nothing. It has the descriptors of `fds`, and no others above 2. Its pid, or a negative errno.
 */
export function standBy(
  fd: number,
  fds: NonNullable<SpawnOptions['fds']>,
  choices: readonly Choice[],
  env: Environment,
): number {
  const own = sys.argv()
  const [path, before] = !compiled
    ? [process.execPath, typeof own === 'number' ? [] : own.slice(0, 2)]
    : [linux ? '/proc/self/exe' : process.execPath, []]
  const words = choices.map(({ byte, line, code, argv }) => {
    const text = line === '' ? '' : `${line}\n`
    return [byte, text, String(code), ...(argv === undefined ? [] : [path, ...before, ...argv])]
  })
  return sys.standby(fd, mapOf(fds), words, (compiled ? env : withListed(env, fds)).entries())
}

/** How a child has ended. */
export interface Status {
  /** The wait status as the kernel gives it. */
  readonly raw: number
  /** The exit code; -1 if a signal ended it. */
  readonly code: number
  /** The signal that ended it, or 0. */
  readonly signal: number
}

/** Waits for a child of ours; a negative errno if that can't be done. */
export function wait(pid: number): Status | Errno {
  const result = sys.waitpid(pid, 0, waited)
  return result < 0 ? result : statusOf(waited[0] ?? 0)
}

/** Waits for a child that must not stop: one that a signal stops is killed, and has ended by that signal. */
export function waitUnstopped(pid: number): Status | Errno {
  const result = sys.waitpid(pid, 2, waited)
  const raw = waited[0] ?? 0
  if (result < 0 || (raw & STOPPED) !== STOPPED) return result < 0 ? result : statusOf(raw)
  sys.kill(pid, SIGKILL)
  const end = wait(pid)
  return typeof end === 'number' ? end : { raw: end.raw, code: -1, signal: (raw >> 8) & 255 }
}

/** The low bits of the wait status of a child that has stopped. */
const STOPPED = 127

/** Where waitpid puts the status; read at once. */
const waited = new Int32Array(1)

/** Takes apart a raw wait status. */
export function statusOf(raw: number): Status {
  const signal = raw & 127
  return { raw, code: signal === 0 ? (raw >> 8) & 255 : -1, signal }
}

/**
 * Starts a program and waits for its end; a negative errno if it can't be run. One of ours has ended when it exits: the
 * kernel may still be taking its process apart.
 */
export function run(argv: readonly string[], options: SpawnOptions = {}): Status | Errno {
  const pid = begin(argv, options, TELLS)
  return pid < 0 ? pid : wait(pid)
}

/** As run, for one of our programs that is known to be what `argv` and `options` start, and is prepared. */
export function runFound(program: Program, argv: readonly string[], options: RunOptions): Status | Errno {
  if (image.crossed) return run(argv, options)
  const { env = environment(), fds } = options
  const pid = forkInto(program, argv, env, fds === undefined ? NO_MAP : mapOf(fds), TELLS)
  return pid === -EBUSY ? run(argv, options) : pid < 0 ? pid : wait(pid)
}
