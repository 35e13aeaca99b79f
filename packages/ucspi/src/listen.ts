/** Opens the socket that a listener listens on, and makes the process ready to serve there. */
import {
  canFork,
  dropTo,
  type Errno,
  IPV6_ONLY,
  O_RDWR,
  REHEARSALS,
  REUSE_ADDRESS,
  readFile,
  rehearse,
  sys,
  Writer,
} from '@moreqmail/unix'
import { familyOf, listenAt, type Place, portOf } from './address.ts'
import type { ListenSettings, Verbosity } from './listen-options.ts'
import { hostAddresses } from './names.ts'
import { failed } from './say.ts'

/** A socket that listens where the settings say: its descriptor. Any failure ends the program. */
export function openListener(settings: ListenSettings): number {
  const { verbosity, backlog } = settings
  const unreadable = (errno: Errno) => failed(verbosity, 'unable to read /etc/services', errno)
  const port = portOf(settings.port, () => readFile('/etc/services', unreadable) ?? '')
  if (port === undefined) failed(verbosity, `unable to figure out port number for ${settings.port}`)
  const { ip, family, both } = placeOf(settings)
  const fd = sys.socket(family, 0)
  if (fd < 0) failed(verbosity, 'unable to create socket', fd)
  sys.setsockopt(fd, REUSE_ADDRESS, 1)
  if (family === 6) sys.setsockopt(fd, IPV6_ONLY, both ? 0 : 1)
  const bound = sys.bind(fd, ip, port)
  if (bound < 0) failed(verbosity, 'unable to bind', bound)
  const listening = sys.listen(fd, backlog)
  if (listening < 0) failed(verbosity, 'unable to listen', listening)
  // A client may be gone between poll and accept.
  sys.nonblock(fd, 1)
  return fd
}

function placeOf({ verbosity, host, scope, family: preference }: ListenSettings): Place {
  const place = listenAt(host, scope)
  if (typeof place === 'object') return place
  const addresses = place === 'name' ? hostAddresses(host, preference) : []
  if (typeof addresses === 'number')
    return failed(verbosity, `temporarily unable to figure out IP address for ${host}`, addresses)
  const [ip] = addresses
  const family = familyOf(ip ?? '')
  if (ip === undefined || family === undefined) return failed(verbosity, `no IP address for ${host}`)
  return { ip, family, both: false }
}

/** Drops to the user and group of the settings, for good. */
export function dropPrivileges({ verbosity, uid, gid }: ListenSettings): void {
  const group = dropTo(undefined, gid, true)
  if (group < 0) failed(verbosity, 'unable to set gid', group)
  const user = dropTo(uid, undefined, true)
  if (user < 0) failed(verbosity, 'unable to set uid', user)
}

/** Prints the port that the listener has, if that is asked for. */
export function tellPort(listener: number, { printPort }: ListenSettings): void {
  if (!printPort) return
  const name = sys.sockname(listener, 0)
  const out = new Writer(1)
  if (typeof name !== 'number') out.puts(`${name[1]}\n`)
  out.flush()
}

/** Lets go of what 0 and 1 are: children have their connections there. */
export function vacate(verbosity: Verbosity): void {
  const nothing = sys.open('/dev/null', O_RDWR, 0)
  if (nothing < 0) failed(verbosity, 'unable to open /dev/null', nothing)
  sys.dup2(nothing, 0)
  sys.dup2(nothing, 1)
  sys.close(nothing)
}

/** Goes the way of a connection, where children will be forks of this process: what is ready here is ready in them. */
export function rehearseConnections(serveOne: (ip: string, port: number, count: number) => never): void {
  if (canFork()) for (let i = 0; i < REHEARSALS; i++) rehearse(() => serveOne('127.0.0.1', 0, 1))
}
