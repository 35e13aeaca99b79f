/** What a client finds out about the connection it has made. */
import { NO_DELAY, sys } from '@moreqmail/unix'
import type { ConnectSettings } from './connect-options.ts'
import { askIdent } from './ident.ts'
import { hostName } from './names.ts'
import { failed } from './say.ts'
import type { Connection, End } from './variables.ts'

/** All that is to be known about the connection on this socket; a failure ends the program. */
export function exploreConnected(socket: number, settings: ConnectSettings): Connection {
  const { verbosity, noDelay, localHost, lookUpHost, identTimeout } = settings
  if (noDelay) sys.setsockopt(socket, NO_DELAY, 1)
  const [ours, theirs] = [sys.sockname(socket, 0), sys.sockname(socket, 1)]
  if (typeof ours === 'number') return failed(verbosity, 'unable to get local address', ours)
  if (typeof theirs === 'number') return failed(verbosity, 'unable to get remote address', theirs)
  const local: End = { ip: ours[0], port: ours[1], host: localHost ?? hostName(ours[0]) }
  const remote: End = { ip: theirs[0], port: theirs[1], host: lookUpHost ? hostName(theirs[0]) : undefined }
  const info = identTimeout === undefined ? undefined : askIdent(local, remote, identTimeout)
  return { local, remote, info }
}
