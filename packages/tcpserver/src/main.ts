/** tcpserver: listens for TCP connections and runs a program for each. */
import {
  catchSignals,
  commandLine,
  dropPrivileges,
  LISTEN_LETTERS,
  listenSettings,
  misused,
  openListener,
  rehearseConnections,
  serve,
  tellPort,
  vacate,
} from '@moreqmail/ucspi'
import { args, EBUSY, env, fork, spawnSelf, stayForkable } from '@moreqmail/unix'
import { serveConnection } from './connection.ts'

export const synopsis = `tcpserver [ -1UXpPhHrRoOdDqQvV46 ] [ -c limit ] [ -C limit ] [ -b backlog ] [ -x rules.cdb ] [ -B banner ] \
[ -u uid ] [ -g gid ] [ -l name ] [ -t seconds ] [ -I interface ] host port prog`

/** The listener's first argument for a child of its own, before address, port and count of the connection. */
const CONNECTION = '--connection'

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
  tellPort(listener, settings)
  vacate(settings.verbosity)
  rehearseConnections((ip, port, count) => serveConnection(ip, port, count, settings))
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
