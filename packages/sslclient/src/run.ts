/** Runs the program with TLS between it and the connection, and waits for its end. */
import {
  type Assignment,
  type Channels,
  closeEnds,
  decisionLine,
  decodeVariables,
  lendPassword,
  type NearEnds,
  openChannels,
  readReport,
  SESSION_NAMES,
  spawnTls,
  takeCommand,
  tlsEnvironment,
  UNKNOWN_COMMAND,
} from '@moreqmail/tls'
import { type ConnectSettings, complained, failed } from '@moreqmail/ucspi'
import {
  type Environment,
  environment,
  note,
  POLLIN,
  SIGCHLD,
  type SpawnOptions,
  spawn,
  statusOf,
  sys,
  wait,
} from '@moreqmail/unix'

const READ = 6
const WRITE = 7
const TROUBLE = 111

type Run = (
  socket: number,
  settings: ConnectSettings,
  assignment: Assignment,
  env: Environment,
  password: Uint8Array | undefined,
) => number

function channelsFor({ verbosity }: ConnectSettings): Channels {
  const channels = openChannels()
  return typeof channels === 'number' ? failed(verbosity, 'unable to create pipes', channels) : channels
}

/** Starts TLS on the connection; our copies of the ends it gets are closed. */
function start(
  socket: number,
  far: Channels['far'],
  assignment: Assignment,
  env: Environment,
  password: Uint8Array | undefined,
): number {
  const lent = password === undefined ? undefined : lendPassword(password)
  password?.fill(0)
  const ends = { netIn: socket, netOut: socket, ...far, ...(lent === undefined ? {} : { password: lent }) }
  const pid = spawnTls(assignment, ends, tlsEnvironment(env))
  if (lent !== undefined) sys.close(lent)
  closeEnds(far)
  sys.close(socket)
  return pid
}

function run({ verbosity, prog }: ConnectSettings, fds: NonNullable<SpawnOptions['fds']>): number {
  const pid = spawn(prog, { fds })
  return pid < 0 ? failed(verbosity, `unable to run ${prog[0]}`, pid) : pid
}

/** The exit code for the end of the program. */
function codeOf(status: number): number {
  const { code, signal } = statusOf(status)
  return signal > 0 ? TROUBLE : code
}

/** TLS first, then the program. Its exit code. */
export const runImmediate: Run = (socket, settings, assignment, env, password) => {
  const { near, far } = channelsFor(settings)
  const tls = start(socket, far, { ...assignment, report: true }, env, password)
  if (tls < 0) failed(settings.verbosity, 'unable to start TLS', tls)
  const variables = decodeVariables(readReport(near))
  // Why not has been said.
  if (variables === undefined) return TROUBLE
  const inside = ['SSLCTLFD', 'SSLREADFD', 'SSLWRITEFD', 'UCSPITLS', 'DISABLETLS', ...SESSION_NAMES]
  environment()
    .remove((name) => inside.includes(name))
    .setAll(variables)
  const pid = run(settings, [
    [READ, near.read],
    [WRITE, near.write],
  ])
  closeEnds(near)
  const status = wait(pid)
  // What it has written last is still on its way.
  wait(tls)
  return typeof status === 'number' ? TROUBLE : codeOf(status.raw)
}

/** The program at once, and TLS when it asks for it. The program's exit code. */
export const runDelayed: Run = (socket, settings, assignment, env, password) => {
  const signals = sys.sigpipe(Int32Array.of(SIGCHLD))
  const { near, far } = channelsFor(settings)
  announce(near)
  const pid = run(settings, [
    [READ, socket],
    [WRITE, socket],
    ...Object.values(near).map((fd): readonly [number, number] => [fd, fd]),
  ])
  closeEnds(near)
  const ended = new Int32Array(1)
  let status: number | undefined
  let tls: number | undefined
  const control = Int32Array.of(signals, POLLIN, 0, far.report, POLLIN, 0)
  while (status === undefined || (tls !== undefined && tls > 0)) {
    sys.poll(control, tls === undefined ? 2 : 1, -1)
    if (tls === undefined && control[5] !== 0) {
      tls = onCommand(socket, far, pid, settings, assignment, env, password)
      control[5] = 0
    }
    if (control[2] === 0) continue
    sys.read(signals, new Uint8Array(64), 0, 64)
    for (let child = sys.waitpid(-1, 1, ended); child > 0; child = sys.waitpid(-1, 1, ended)) {
      if (child === pid) status = ended[0] ?? 0
      if (child === tls) tls = 0
    }
  }
  return codeOf(status)
}

/** Tells the program of its ends. No session is told of before there is one. */
function announce({ control, read, write }: NearEnds): void {
  environment()
    .remove((name) => SESSION_NAMES.includes(name))
    .set('SSLCTLFD', String(control))
    .set('SSLREADFD', String(read))
    .set('SSLWRITEFD', String(write))
}

/** Does what the program wants: the pid of what does TLS; 0: none. */
function onCommand(
  socket: number,
  far: Channels['far'],
  pid: number,
  { verbosity }: ConnectSettings,
  assignment: Assignment,
  env: Environment,
  password: Uint8Array | undefined,
): number {
  const command = takeCommand(far.report)
  const line = decisionLine(assignment, command, pid)
  if (line !== undefined) note(line)
  if (command === 'report' || command === 'silent')
    return start(socket, far, { ...assignment, report: command === 'report' }, env, password)
  if (command === 'unknown') complained(verbosity, `fatal: ${UNKNOWN_COMMAND}`)
  closeEnds(far)
  sys.close(socket)
  return 0
}
