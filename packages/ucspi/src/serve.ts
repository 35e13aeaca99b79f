/** The listener: one socket, a child for each connection, an account of them all. */
import {
  EAGAIN,
  ECONNABORTED,
  EPROTO,
  type Errno,
  exit,
  POLLIN,
  SIGCHLD,
  SIGCONT,
  SIGHUP,
  SIGQUIT,
  SIGTERM,
  sys,
} from '@moreqmail/unix'
import { limitAt } from './connection.ts'
import { Connections } from './connections.ts'
import type { ListenSettings } from './listen-options.ts'
import { endLine, statusLine, tooManyLine } from './log-line.ts'
import { told, warned } from './say.ts'

/** A new connection: its socket, where it comes from, and how many this client has with it. */
export interface Accepted {
  readonly socket: number
  readonly ip: string
  readonly port: number
  readonly count: number
}

/** What a listener does besides, for connections that have more than a program. */
export interface Besides {
  /** Descriptors to wait for; the list may change with each call of the others. */
  readonly watched: () => readonly number[]
  /** One of them can be read, or its end has come. */
  readonly heed: (fd: number) => void
  /** A child has ended that is no connection's program: the pid of the program whose connection it belonged to. */
  readonly ended: (child: number) => number | undefined
  /** True if the connection of this program goes on without it. */
  readonly lasts: (pid: number) => boolean
  /** The listener is about to end, and the connections go on. */
  readonly leave: () => void
}

const NOTHING_BESIDES: Besides = {
  watched: () => [],
  heed: () => {},
  ended: () => undefined,
  lasts: () => false,
  leave: () => {},
}

const PAUSE_MS = 100
const SIGNALS = [SIGCHLD, SIGTERM, SIGHUP, SIGQUIT]
/** The client has gone; all else means that something is short, and trying again at once is no use. */
const HARMLESS: readonly Errno[] = [EAGAIN, ECONNABORTED, EPROTO]

/** Signals from now on wait until `serve` takes them: a descriptor to read their numbers from. */
export function catchSignals(): number {
  return sys.sigpipe(Int32Array.from(SIGNALS))
}

/**
 * Accepts connections for ever. `start` hands one to a child: its pid, or a negative errno. The socket is closed here
 * afterwards. TERM ends the listener, HUP the children, QUIT all.
 */
export function serve(
  listener: number,
  signals: number,
  settings: ListenSettings,
  start: (accepted: Accepted) => number,
  besides = NOTHING_BESIDES,
): never {
  const { verbosity, limit, clientLimit } = settings
  const connections = new Connections()
  const alone = Int32Array.of(signals, POLLIN, 0, listener, POLLIN, 0)
  /** The wait statuses of programs whose connections go on. */
  const outlived = new Map<number, number>()
  const status = (count: number) => told(verbosity, () => statusLine(count, limit))
  const received = new Uint8Array(64)
  const ended = new Int32Array(1)
  let shortage = false
  let pause = false

  const accept = (): void => {
    const socket = sys.accept(listener)
    if (socket < 0) {
      pause = !HARMLESS.includes(-socket)
      if (pause && !shortage) warned(verbosity, 'unable to accept', socket)
      shortage ||= pause
      return
    }
    shortage = false
    const peer = sys.sockname(socket, 1)
    if (typeof peer !== 'number') admit(socket, ...peer)
    sys.close(socket)
  }

  const admit = (socket: number, ip: string, port: number): void => {
    const count = connections.countOf(ip) + 1
    if (clientLimit !== undefined && count > clientLimit) {
      // A rule may let this client have more.
      const most = limitAt(ip, settings) ?? clientLimit
      if (count > most) {
        warned(verbosity, tooManyLine(most, ip))
        return
      }
    }
    status(connections.size + 1)
    const pid = start({ socket, ip, port, count })
    if (pid > 0) {
      connections.add(pid, ip)
      return
    }
    warned(verbosity, 'dropping connection, unable to fork', pid)
    status(connections.size)
  }

  const reap = (): void => {
    for (let child = sys.waitpid(-1, 1, ended); child > 0; child = sys.waitpid(-1, 1, ended)) {
      const pid = besides.ended(child) ?? child
      if (pid === child) outlived.set(pid, ended[0] ?? 0)
      const code = outlived.get(pid)
      if (code === undefined || besides.lasts(pid)) continue
      outlived.delete(pid)
      if (!connections.remove(pid)) continue
      told(verbosity, () => endLine(pid, code))
      status(connections.size)
    }
  }

  const leave = (): never => {
    besides.leave()
    exit(0)
  }

  const takeSignals = (): void => {
    const came = received.subarray(0, Math.max(0, sys.read(signals, received, 0, received.length)))
    if (came.includes(SIGTERM)) leave()
    if (came.includes(SIGHUP) || came.includes(SIGQUIT))
      for (const pid of connections.pids) {
        sys.kill(pid, SIGTERM)
        sys.kill(pid, SIGCONT)
      }
    if (came.includes(SIGQUIT)) leave()
    reap()
  }

  status(0)
  for (;;) {
    const open = connections.size < limit && !pause
    const watched = besides.watched()
    const waiting =
      watched.length === 0 ? alone : Int32Array.from([...alone, ...watched.flatMap((fd) => [fd, POLLIN, 0])])
    waiting[3] = open ? listener : -1
    const ready = sys.poll(waiting, waiting.length / 3, pause ? PAUSE_MS : -1)
    pause = false
    if (ready <= 0) continue
    for (const [i, fd] of watched.entries()) if (waiting[3 * i + 8] !== 0) besides.heed(fd)
    if (waiting[2] !== 0) takeSignals()
    if (open && waiting[5] !== 0) accept()
  }
}
