/** Opens the socket that a listener listens on. */
import { dropTo, type Errno, IPV6_ONLY, REUSE_ADDRESS, readFile, sys } from '@moreqmail/unix'
import { familyOf, listenAt, type Place, portOf } from './address.ts'
import type { ListenSettings } from './listen-options.ts'
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
