/** Connects to a host: one of its addresses after the other. */
import { isTemporary, stubResolver } from '@moreqmail/dns'
import {
  EAGAIN,
  EINPROGRESS,
  type Errno,
  ETIMEDOUT,
  errorText,
  exit,
  now,
  POLLOUT,
  readFile,
  ready,
  sys,
} from '@moreqmail/unix'
import { connectTo, familyOf, portOf } from './address.ts'
import type { ConnectSettings } from './connect-options.ts'
import { complained, failed } from './say.ts'

/** A connection: its socket, and where it leads to. */
export interface Connected {
  readonly socket: number
  readonly ip: string
  readonly port: number
}

const CANNOT_CONNECT = 111
/** Seconds for all look-ups. */
const LOOK_UP = 10

/** Connects as the settings say, or says why not and ends the program. */
export function connect(settings: ConnectSettings): Connected {
  const { verbosity, rounds, total } = settings
  const unreadable = (errno: Errno) => failed(verbosity, 'unable to read /etc/services', errno)
  const port = portOf(settings.port, () => readFile('/etc/services', unreadable) ?? '')
  if (port === undefined) failed(verbosity, `unable to figure out port number for ${settings.port}`)
  const until = total > 0 ? now() + total * 1000 : Number.POSITIVE_INFINITY
  let addresses = addressesOf(settings)
  // With nowhere else to go there is no use in stopping in between.
  const [first, second] = addresses.length === 1 ? [rounds[0] + rounds[1], 0] : rounds
  for (const [seconds, more] of [
    [first, second],
    [second, 0],
  ] as const) {
    const late: string[] = []
    for (const ip of addresses) {
      const left = Math.max(0, until - now()) / 1000
      const socket = attempt(ip, port, Math.min(seconds, left), settings)
      if (socket >= 0) return { socket, ip, port }
      if (socket === -ETIMEDOUT && more > 0 && left > seconds) late.push(ip)
      else complained(verbosity, `unable to connect to ${ip} port ${port}: ${errorText(socket)}`)
    }
    addresses = late
  }
  exit(CANNOT_CONNECT)
}

/** The addresses to try, in order; none ends the program. */
function addressesOf({ host, family, localIp, verbosity, total }: ConnectSettings): readonly string[] {
  const target = connectTo(host)
  const found =
    'name' in target ? lookUp(target.name, family, total > 0 ? Math.min(total, LOOK_UP) : LOOK_UP) : target.ips
  if (typeof found === 'number')
    return failed(verbosity, `temporarily unable to figure out IP address for ${host}`, found)
  const usable = found.filter((ip) => localIp === undefined || familyOf(ip) === familyOf(localIp))
  return usable.length > 0 ? usable : failed(verbosity, `no IP address for ${host}`)
}

/** All addresses of a name, IPv6 first; a negative errno if none is known for now. */
function lookUp(name: string, family: 4 | 6 | undefined, seconds: number): readonly string[] | Errno {
  const types = (['AAAA', 'A'] as const).filter((type) => family === undefined || (family === 6) === (type === 'AAAA'))
  const answers = stubResolver({ seconds }).resolve(types.map((type) => ({ name, type })))
  const addresses = answers.flatMap(({ records }) => records)
  const trouble = answers.find(isTemporary)
  if (addresses.length > 0 || trouble === undefined) return addresses
  return trouble.status === 'timeout' ? -ETIMEDOUT : -EAGAIN
}

/** A socket that is connected to an address, or a negative errno. */
function attempt(ip: string, port: number, seconds: number, settings: ConnectSettings): number {
  const { localIp, localPort, verbosity } = settings
  const family = familyOf(ip) ?? 4
  const socket = sys.socket(family, 0)
  if (socket < 0) failed(verbosity, 'unable to create socket', socket)
  if (localIp !== undefined || localPort > 0) {
    const errno = sys.bind(socket, localIp ?? (family === 6 ? '::' : '0.0.0.0'), localPort)
    if (errno < 0) failed(verbosity, 'unable to bind socket', errno)
  }
  sys.nonblock(socket, 1)
  const errno = outcome(socket, sys.connect(socket, ip, port), seconds)
  if (errno < 0) {
    sys.close(socket)
    return errno
  }
  sys.nonblock(socket, 0)
  return socket
}

function outcome(socket: number, begun: Errno, seconds: number): Errno {
  if (begun !== -EINPROGRESS) return begun
  return ready(socket, POLLOUT, seconds) ? sys.sockerror(socket) : -ETIMEDOUT
}
