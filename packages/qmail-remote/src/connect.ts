/** Connecting to an address of a server. */
import { EAFNOSUPPORT, EINPROGRESS, type Errno, ETIMEDOUT, NO_DELAY, POLLOUT, ready, sys } from '@moreqmail/unix'

/** Why there is no connection. */
export type Unconnected = 'timed out' | 'refused' | 'no resources'

/**
 * Connects: a descriptor that does not block, or why there is none. `from` is the address to connect from, as far as it
 * is of the same family. `timeout`: seconds, 0 without limit.
 */
export function connect(ip: string, port: number, from: string | undefined, timeout: number): number | Unconnected {
  const family = familyOf(ip)
  const fd = sys.socket(family, 0)
  // A host without IPv6 can't reach the address, but another one.
  if (fd === -EAFNOSUPPORT) return 'refused'
  if (fd < 0) return 'no resources'
  const errno = start(fd, ip, port, from !== undefined && familyOf(from) === family ? from : undefined)
  const result = errno === -EINPROGRESS ? finish(fd, timeout) : errno
  if (result === 0) return fd
  sys.close(fd)
  return result === -ETIMEDOUT ? 'timed out' : 'refused'
}

export function familyOf(ip: string): 4 | 6 {
  return ip.includes(':') ? 6 : 4
}

function start(fd: number, ip: string, port: number, from: string | undefined): Errno {
  const bound = from === undefined ? 0 : sys.bind(fd, from, 0)
  if (bound < 0) return bound
  sys.nonblock(fd, 1)
  // The conversation goes out in large pieces: none needs to wait for the acknowledgement of the one before.
  sys.setsockopt(fd, NO_DELAY, 1)
  return sys.connect(fd, ip, port)
}

function finish(fd: number, timeout: number): Errno {
  return ready(fd, POLLOUT, timeout || Number.POSITIVE_INFINITY) ? sys.sockerror(fd) : -ETIMEDOUT
}
