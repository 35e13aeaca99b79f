/** Asking a client's host who it is, RFC 1413. */
import { EINPROGRESS, LF, now, POLLIN, POLLOUT, ready, sys } from '@moreqmail/unix'
import { familyOf } from './address.ts'
import { identName } from './ident-reply.ts'
import type { End } from './variables.ts'

const IDENT_PORT = 113
const LONGEST_REPLY = 1000

/** What the remote host says about the owner of its end; undefined if it says nothing within so many seconds. */
export function askIdent(local: End, remote: End, seconds: number): string | undefined {
  const until = now() + seconds * 1000
  const left = () => Math.max(0, until - now()) / 1000
  const fd = sys.socket(familyOf(remote.ip) ?? 4, 0)
  if (fd < 0) return undefined
  try {
    sys.nonblock(fd, 1)
    if (sys.bind(fd, local.ip, 0) < 0) return undefined
    const errno = sys.connect(fd, remote.ip, IDENT_PORT)
    if (errno < 0 && errno !== -EINPROGRESS) return undefined
    if (!ready(fd, POLLOUT, left()) || sys.sockerror(fd) < 0) return undefined
    const buffer = new Uint8Array(LONGEST_REPLY)
    const length = sys.encode(`${remote.port} , ${local.port}\r\n`, buffer, 0, buffer.length)
    if (sys.writesome(fd, buffer, 0, length) !== length) return undefined
    let end = 0
    while (end < buffer.length && !buffer.subarray(0, end).includes(LF)) {
      if (!ready(fd, POLLIN, left())) return undefined
      const n = sys.read(fd, buffer, end, buffer.length - end)
      if (n <= 0) break
      end += n
    }
    return identName(sys.latin1(buffer, 0, end))
  } finally {
    sys.close(fd)
  }
}
