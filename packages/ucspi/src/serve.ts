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
): never {
  const { verbosity, limit, clientLimit } = settings
  const connections = new Connections()
  const waiting = Int32Array.of(signals, POLLIN, 0, listener, POLLIN, 0)
  const status = (count: number) => told(verbosity, statusLine(count, limit))
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
      warned(verbosity, tooManyLine(clientLimit, ip))
      return
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
    for (let pid = sys.waitpid(-1, 1, ended); pid > 0; pid = sys.waitpid(-1, 1, ended)) {
      if (!connections.remove(pid)) continue
      told(verbosity, endLine(pid, ended[0] ?? 0))
      status(connections.size)
    }
  }

  const takeSignals = (): void => {
    const came = received.subarray(0, Math.max(0, sys.read(signals, received, 0, received.length)))
    if (came.includes(SIGTERM)) exit(0)
    if (came.includes(SIGHUP) || came.includes(SIGQUIT))
      for (const pid of connections.pids) {
        sys.kill(pid, SIGTERM)
        sys.kill(pid, SIGCONT)
      }
    if (came.includes(SIGQUIT)) exit(0)
    reap()
  }

  status(0)
  for (;;) {
    const open = connections.size < limit && !pause
    const ready = sys.poll(waiting, open ? 2 : 1, pause ? PAUSE_MS : -1)
    pause = false
    if (ready <= 0) continue
    if (waiting[2] !== 0) takeSignals()
    if (open && waiting[5] !== 0) accept()
  }
}
