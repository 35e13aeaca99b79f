/** sslserver: listens for connections and runs a program for each, with TLS at once or when the program asks for it. */
import { idFault } from '@moreqmail/tls'
import {
  type Accepted,
  catchSignals,
  commandLine,
  LISTEN_LETTERS,
  type ListenSettings,
  listenSettings,
  misconfigured,
  misused,
  openListener,
  rehearseConnections,
  serve,
  tellPort,
  vacate,
} from '@moreqmail/ucspi'
import { args, crossTrustBoundary, env, environment, programName, stayForkable, sys } from '@moreqmail/unix'
import { serveConnection } from './connection.ts'
import { TLS_LETTERS, type TlsSettings, tlsSettings } from './options.ts'
import { Sessions } from './sessions.ts'
import { keyPassword, startChild, testCertificate } from './start.ts'

export const synopsis = `sslserver [ -13UXpPhHrRoOdDqQvV46nNeEsSzmZaA ] [ -c limit ] [ -C limit ] [ -b backlog ] [ -x rules.cdb ] \
[ -y rules.cdb ] [ -B banner ] [ -u uid ] [ -g gid ] [ -l name ] [ -t seconds ] [ -T seconds ] [ -w seconds ] \
[ -I interface ] host port prog`

/** There are up to four descriptors for each connection. */
const AS_MANY_AS_POSSIBLE = Number.MAX_SAFE_INTEGER

/** The listener's first argument for a child of its own, before what is to be known of the connection. */
const CONNECTION = '--connection'

export function main(): never {
  const words = args()
  if (words[0] !== CONNECTION) return listen(words)
  const [, ip = '', port, count, ...rest] = words
  return serveConnection(ip, Number(port), Number(count), ...settingsOf(rest))
}

function settingsOf(words: readonly string[]): readonly [ListenSettings, TlsSettings] {
  const line = commandLine(words, LISTEN_LETTERS + TLS_LETTERS, synopsis)
  const settings = listenSettings(line, true, env) ?? misused(synopsis)
  const tls = tlsSettings(line.options, settings, programName(), environment().entries()) ?? misused(synopsis)
  const fault = idFault(env)
  if (fault !== undefined) misconfigured(settings.verbosity, fault.text)
  return [settings, tls]
}

function listen(words: readonly string[]): never {
  const [settings, tls] = settingsOf(words)
  const { verbosity } = settings
  stayForkable()
  sys.nofile(AS_MANY_AS_POSSIBLE)
  const signals = catchSignals()
  const listener = openListener(settings)
  tellPort(listener, settings)
  const password = tls.assignment.password ? keyPassword(verbosity) : undefined
  if (password !== undefined) {
    // Nobody else may find it in memory.
    crossTrustBoundary()
    sys.dumpable(0)
  }
  testCertificate(tls.assignment, password, verbosity)
  vacate(verbosity)
  const serveOne = (ip: string, port: number, count: number): never => serveConnection(ip, port, count, settings, tls)
  rehearseConnections(serveOne)
  const sessions = new Sessions(tls, verbosity, password)
  const start = (accepted: Accepted): number => {
    const { ip, port, count } = accepted
    const again = [CONNECTION, ip, String(port), String(count), ...words]
    return startChild(accepted, sessions, () => serveOne(ip, port, count), again)
  }
  return serve(listener, signals, settings, start, sessions)
}
