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
import { args, env, O_RDWR, spawnSelf, stayForkable, sys, Writer } from '@moreqmail/unix'
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
  serve(listener, signals, settings, ({ socket, ip, port, count }) =>
    spawnSelf([CONNECTION, ip, String(port), String(count), ...words], {
      fds: [
        [0, socket],
        [1, socket],
      ],
    }),
  )
}
