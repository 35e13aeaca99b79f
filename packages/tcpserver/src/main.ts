/** tcpserver: listens for TCP connections and runs a program for each. */
import {
  catchSignals,
  commandLine,
  dropPrivileges,
  failed,
  LISTEN_LETTERS,
  listenSettings,
  misused,
  openListener,
  serve,
} from '@moreqmail/ucspi'
import {
  args,
  canFork,
  EBUSY,
  env,
  fork,
  O_RDWR,
  rehearse,
  spawnSelf,
  stayForkable,
  sys,
  Writer,
} from '@moreqmail/unix'
import { serveConnection } from './connection.ts'

export const synopsis = `tcpserver [ -1UXpPhHrRoOdDqQvV46 ] [ -c limit ] [ -C limit ] [ -b backlog ] [ -x rules.cdb ] [ -B banner ] \
[ -u uid ] [ -g gid ] [ -l name ] [ -t seconds ] [ -I interface ] host port prog`

/** The listener's first argument for a child of its own, before address, port and count of the connection. */
const CONNECTION = '--connection'

/** The second time the engine also remembers where it has found things. */
const REHEARSALS = 2

export function main(): never {
  const words = args()
  if (words[0] !== CONNECTION) return listen(words)
  const [, ip = '', port, count, ...rest] = words
  return serveConnection(ip, Number(port), Number(count), settingsOf(rest))
}

function settingsOf(words: readonly string[]) {
  const noDelay = false
  return listenSettings(commandLine(words, LISTEN_LETTERS, synopsis), noDelay, env) ?? misused(synopsis)
}

function listen(words: readonly string[]): never {
  const settings = settingsOf(words)
  stayForkable()
  const signals = catchSignals()
  const listener = openListener(settings)
  dropPrivileges(settings)
  if (settings.printPort) {
    const name = sys.sockname(listener, 0)
    const out = new Writer(1)
    if (typeof name !== 'number') out.puts(`${name[1]}\n`)
    out.flush()
  }
  const nothing = sys.open('/dev/null', O_RDWR, 0)
  if (nothing < 0) failed(settings.verbosity, 'unable to open /dev/null', nothing)
  sys.dup2(nothing, 0)
  sys.dup2(nothing, 1)
  sys.close(nothing)
  if (canFork()) for (let i = 0; i < REHEARSALS; i++) rehearse(() => serveConnection('127.0.0.1', 0, 1, settings))
  serve(listener, signals, settings, ({ socket, ip, port, count }) => {
    const fds = [
      [0, socket],
      [1, socket],
    ] as const
    const pid = fork(fds)
    if (pid === 0) serveConnection(ip, port, count, settings)
    return pid === -EBUSY ? spawnSelf([CONNECTION, ip, String(port), String(count), ...words], { fds }) : pid
  })
}
