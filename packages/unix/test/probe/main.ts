/** An executable of small programs that show or do one thing each, for the tests of exec and spawn. */
import { type Entry, toolkit } from '../../../toolkit/src/toolkit.ts'
import {
  type Algorithm,
  args,
  bytes,
  digestOf,
  entryOf,
  env,
  environment,
  exec,
  exit,
  fatal,
  manyRuns,
  now,
  Reader,
  run,
  type SpawnOptions,
  spawn,
  sys,
  Writer,
  wait,
  waitUnstopped,
} from '../../src/index.ts'

type Main = () => never

function say(text: string): void {
  const out = new Writer(1)
  out.puts(text)
  if (!out.flush()) exit(111)
}

function number(text: string | undefined): number {
  return Number(text ?? '0')
}

function slurp(path: string): string {
  const bytes = sys.slurp(path, 1 << 20)
  return typeof bytes === 'number' ? `error ${bytes}` : sys.latin1(bytes, 0, bytes.length)
}

/** What another program can see of this process. */
const state: Main = () => {
  const status = slurp('/proc/self/status')
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? '?'
  const names = sys.readdir('/proc/self/fd')
  const fds = (Array.isArray(names) ? names : [])
    .map(Number)
    .filter((fd) => sys.isopen(fd) === 0)
    .sort((a, b) => a - b)
    .map((fd) => `${fd}=${sys.readlink(`/proc/self/fd/${fd}`)}`)
    .filter((text) => !/anon_inode:\[(eventpoll|eventfd|timerfd)\]/.test(text))
  const lines = [
    `args ${args()
      .map((a) => JSON.stringify(a))
      .join(' ')}`,
    `ppid ${sys.getppid()}`,
    `comm ${slurp('/proc/self/comm').trim()}`,
    `cmdline ${JSON.stringify(slurp('/proc/self/cmdline').replace(/\0+$/, ''))}`,
    `fds ${fds.join(' ')}`,
    `ids ${sys.getuid()} ${sys.geteuid()} ${sys.getgid()} ${sys.getegid()}`,
    `groups ${field('Groups')}`,
    `sigblk ${field('SigBlk')}`,
    `sigcgt ${field('SigCgt')}`,
    `threads ${field('Threads')}`,
    `cwd ${sys.getcwd()}`,
    ...environment()
      .entries()
      .map((entry) => `env ${JSON.stringify(entry)}`),
  ]
  say(`${lines.join('\n')}\n`)
  exit(0)
}

/** exec-it PROG...: becomes PROG. */
const execIt: Main = () => fatal(111, `unable to run ${args()[0]}`, exec(args()))

/** unstopped PROG...: our exit code is the child's, or 128 and its signal. */
const unstopped: Main = () => {
  const status = waitUnstopped(spawn(args()))
  exit(typeof status === 'number' ? 111 : status.signal === 0 ? status.code : 128 + status.signal)
}

/** spawn-it MAP PROG...: MAP is `to=from,...`; our exit code is the child's. */
const spawnIt: Main = () => {
  const [map = '', ...argv] = args()
  const fds = map
    .split(',')
    .filter((pair) => pair.includes('='))
    .map((pair) => pair.split('='))
    .map(([to, from]) => [number(to), from === 'closed' ? 'closed' : number(from)] as const)
  const options: SpawnOptions = {
    fds,
    ...(env('GROUP') ? { group: true } : {}),
    ...(env('SESSION') ? { session: true } : {}),
  }
  const status = run(argv, options)
  if (typeof status === 'number') fatal(111, `unable to run ${argv[0]}`, status)
  exit(status.signal === 0 ? status.code : 128 + status.signal)
}

/** nest N: runs nest N-1 in a child, to the bottom; exit code N mod 100. */
const nest: Main = () => {
  const n = number(args()[0])
  if (n > 0) {
    const status = run(['nest', String(n - 1)])
    if (typeof status === 'number' || status.code !== (n - 1) % 100) fatal(111, `nest ${n - 1} ended wrong`)
  }
  exit(n % 100)
}

/** heavy MS: allocates, parses, sorts and collects for so long, and checks its own results. */
const heavy: Main = () => {
  const until = now() + number(args()[0])
  let rounds = 0
  do {
    const map = new Map<string, number>()
    for (let i = 0; i < 2000; i++) map.set(`key ${i}`, i)
    const text = JSON.stringify([...map])
    const back = new Map(JSON.parse(text) as [string, number][])
    const bytes = new Uint8Array(1 << 20).fill(rounds & 255)
    let sum = 0
    for (const byte of bytes) sum += byte
    if (back.get('key 1999') !== 1999 || sum !== (rounds & 255) * bytes.length) exit(99)
    rounds++
  } while (now() < until)
  exit(0)
}

/** many N K PROG...: N children, K at a time; exit 1 if one of them does not exit 0. Says how many were forks. */
const many: Main = () => {
  const [total = '1', together = '1', ...argv] = args()
  let bad = 0
  const running: number[] = []
  const reap = () => {
    const status = wait(running.shift() ?? -1)
    if (typeof status === 'number' || status.raw !== 0) bad++
  }
  const began = now()
  for (let i = 0; i < number(total); i++) {
    if (running.length >= number(together)) reap()
    const pid = spawn(argv)
    if (pid < 0) fatal(111, 'unable to spawn', pid)
    running.push(pid)
  }
  while (running.length > 0) reap()
  say(`bad ${bad} threads ${sys.threads()} ms each ${((now() - began) / number(total)).toFixed(3)}\n`)
  exit(bad === 0 ? 0 : 1)
}

/** die SIG: by a signal; throw: by an exception; eat: by memory. */
const die: Main = () => {
  sys.signal(number(args()[0]), 0)
  sys.kill(sys.getpid(), number(args()[0]))
  exit(98)
}
const throws: Main = () => {
  throw new Error('deliberate\nfailure')
}
const eat: Main = () => {
  const kept: unknown[] = []
  for (;;) kept.push(new Array(100000).fill({}))
}
const returns = (() => undefined) as unknown as Main

/** read-line SECONDS: reads a line of fd 0 with a limit of time. */
const readLine: Main = () => {
  const reader = new Reader(0, { timeout: number(args()[0]), timedOut: () => fatal(1, 'timed out') })
  const line = reader.line()
  say(typeof line === 'string' ? `${line}\n` : `line ${sys.latin1(line, 0, line.length)}\n`)
  exit(0)
}

/** digest ALGORITHM TEXT [KEY]: the digest in hexadecimal. */
const showDigest: Main = () => {
  const [algorithm, text = '', key] = args()
  const bytesOf = digestOf(algorithm as Algorithm, bytes(text), key === undefined ? undefined : bytes(key))
  say(Array.from(bytesOf, (byte) => byte.toString(16).padStart(2, '0')).join(''))
  exit(0)
}

/** flood N: writes N bytes on 1; says on 2 how the writer fared. */
const flood: Main = () => {
  const out = new Writer(1)
  const piece = new Uint8Array(65536).fill(120)
  for (let left = number(args()[0]); left > 0; left -= piece.length) out.put(piece, 0, Math.min(left, piece.length))
  out.flush()
  fatal(out.broken === 0 ? 0 : 1, 'wrote', out.broken)
}

/** as UID SECRETFREE PROG...: gives up root, then becomes PROG. */
const as: Main = () => {
  const [uid, free, ...argv] = args()
  const { dropTo } = require('../../src/user.ts') as typeof import('../../src/user.ts')
  if (dropTo(number(uid), number(uid), free === '1') < 0) exit(97)
  fatal(111, 'unable to run', exec(argv))
}

/** image: a token that is the same for all programs which run in one image. */
const image: Main = () => {
  say(`image ${tokenOfImage()}\n`)
  exit(0)
}

function tokenOfImage(): string {
  const globals = globalThis as { imageToken?: string }
  const random = new Uint8Array(8)
  sys.random(random, 0, 8)
  globals.imageToken ??= [...random].map((byte) => byte.toString(16)).join('')
  return globals.imageToken
}

/** Says its token, then becomes a program (exec-image) or starts it (spawn-image). */
const execImage: Main = () => {
  say(`image ${tokenOfImage()}\n`)
  fatal(111, 'unable to run', exec(args()))
}
const spawnImage: Main = () => {
  say(`image ${tokenOfImage()}\n`)
  run(args())
  exit(0)
}

/** own FD...: opens descriptors of our own, one kept by number, then becomes a program. */
const own: Main = () => {
  const [keep, ...argv] = args()
  for (let i = 0; i < 3; i++) sys.open('/dev/null', 0, 0)
  const pipe = sys.pipe()
  if (typeof pipe === 'number') exit(111)
  if (keep === 'keep') sys.keep(pipe[0], 1)
  fatal(111, 'unable to run', exec(argv))
}

/** forks N: bare forks whose child ends at once; ms each. */
const forks: Main = () => {
  const total = number(args()[0])
  const status = new Int32Array(1)
  const began = now()
  for (let i = 0; i < total; i++) {
    const pid = sys.fork(['forks'], new Int32Array(0), 0)
    if (pid === 0) sys.exit(0)
    if (pid < 0) fatal(111, 'unable to fork', pid)
    sys.waitpid(pid, 0, status)
  }
  say(`ms each ${((now() - began) / total).toFixed(3)} threads ${sys.threads()}\n`)
  exit(0)
}

/** again N PROG...: runs a program so often, rehearsed after the first time; their codes, and what is left of them. */
const again: Main = () => {
  const [times, ...argv] = args()
  const runOne = manyRuns(1)
  const path = [...(env('PATH') ?? '').split(':').map((dir) => `${dir}/${argv[0]}`)].find(
    (file) => sys.access(file, 1) === 0,
  )
  const codes: number[] = []
  for (let i = 0; i < number(times); i++) {
    const status = runOne(argv, { path: path ?? '' })
    if (typeof status === 'number') fatal(111, 'unable to run', status)
    codes.push(status.signal === 0 ? status.code : -status.signal)
  }
  // One may still be ending; the others have been collected.
  const left = slurp(`/proc/self/task/${sys.getpid()}/children`).split(' ').filter(Boolean).length
  say(`codes ${codes.join(' ')} left ${left}\n`)
  exit(0)
}

const PROGRAMS: Readonly<Record<string, Main>> = {
  again,
  state,
  'exec-it': execIt,
  'spawn-it': spawnIt,
  unstopped,
  nest,
  heavy,
  many,
  die,
  throws,
  eat,
  returns,
  'read-line': readLine,
  digest: showDigest,
  flood,
  as,
  image,
  'exec-image': execImage,
  'spawn-image': spawnImage,
  own,
  forks,
  true: () => exit(0),
}

const entry = (main: Main): Entry => ({ load: () => ({ synopsis: 'probe', main }), failure: 111 })
toolkit(Object.keys(PROGRAMS), (name) => {
  const main = entryOf(PROGRAMS, name)
  return main && entry(main)
})
