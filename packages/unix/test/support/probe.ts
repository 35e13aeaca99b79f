/** Runs programs of the probe executable and says what became of them. */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { statusOf, sys } from '../../src/index.ts'

// Neither Node's own descriptors nor what the test runner left open are to reach the programs.
sys.inheritable(new Int32Array(0))
for (const fd of readdirSync('/proc/self/fd').map(Number)) if (fd > 2) sys.keep(fd, 0)

/** The build directory, from the project's root, where tests run. */
export const BUILD = resolve('build/probe')

export interface Run {
  /** argv[0] is the program's path, or a name to be found in the directory of links. */
  readonly argv: readonly string[]
  readonly env?: readonly string[]
  readonly stdin?: string | Uint8Array
  readonly cwd?: string
  /** More descriptors: number in the child to descriptor here. -1 closes. */
  readonly fds?: ReadonlyArray<readonly [number, number]>
}

export interface Outcome {
  readonly code: number
  readonly signal: number
  readonly stdout: string
  readonly stderr: string
  readonly pid: number
}

/** A directory with a link for each of these programs of the probe; `remove` when done. */
export function links(names: readonly string[]): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'probe-'))
  for (const name of names) symlinkSync(join(BUILD, 'probe'), join(dir, name))
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** Runs to the end. Output goes to files, so that nothing can block. */
export function play(dir: string, run: Run): Outcome {
  const scratch = mkdtempSync(join(tmpdir(), 'play-'))
  try {
    const [input, output, errors] = ['0', '1', '2'].map((name) => join(scratch, name)) as [string, string, string]
    writeFileSync(input, run.stdin ?? '')
    const fds = [openSync(input, 'r'), openSync(output, 'w'), openSync(errors, 'w')]
    // Of two for one number the last counts.
    const given = new Map([...fds.map((fd, i) => [i, fd] as const), ...(run.fds ?? [])])
    const map = [...given].flatMap(([to, from]) => [from, to])
    const name = run.argv[0] ?? ''
    const path = name.includes('/')
      ? name
      : ([dir, '/usr/bin'].map((d) => join(d, name)).find(existsSync) ?? `/bin/${name}`)
    const before = process.cwd()
    if (run.cwd !== undefined) process.chdir(run.cwd)
    const pid = sys.spawn(path, run.argv, run.env ?? [`PATH=${dir}:/usr/bin:/bin`], Int32Array.from(map), 0)
    process.chdir(before)
    for (const fd of fds) closeSync(fd)
    if (pid < 0) throw new Error(`spawn of ${path}: ${pid}`)
    const status = new Int32Array(1)
    sys.waitpid(pid, 0, status)
    const { code, signal } = statusOf(status[0] ?? 0)
    return { code, signal, pid, stdout: readFileSync(output, 'latin1'), stderr: readFileSync(errors, 'latin1') }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** The lines `KEY rest` of the probe's `state`, as a map; `env` and `fds` lines joined. */
export function fields(stdout: string): ReadonlyMap<string, string> {
  const map = new Map<string, string>()
  for (const line of stdout.split('\n').filter((l) => l !== '')) {
    const space = line.indexOf(' ')
    const key = line.slice(0, space)
    const rest = line.slice(space + 1)
    map.set(key, map.has(key) ? `${map.get(key)}\n${rest}` : rest)
  }
  return map
}
