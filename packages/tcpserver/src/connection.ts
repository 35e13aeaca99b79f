/** The child that has one connection: it decides about it and becomes the program. */
import {
  dropped,
  explore,
  type ListenSettings,
  limitOf,
  pidLine,
  ruleFor,
  tcpVariables,
  told,
  tooManyLine,
  verdictLine,
  warned,
} from '@moreqmail/ucspi'
import { environment, exec, exit, NO_DELAY, NO_IP_OPTIONS, sys, Writer } from '@moreqmail/unix'

/** The connection is on both; the program expects it there. */
const SOCKET = 0

const DENIED = 100
const TOO_MANY = 111

/** Goes on with the connection from this address and port, the client's `count`-th. */
export function serveConnection(ip: string, port: number, count: number, settings: ListenSettings): never {
  const { verbosity, banner, prog } = settings
  const pid = sys.getpid()
  told(verbosity, () => pidLine(pid, ip))
  if (!settings.keepSourceRoute) sys.setsockopt(SOCKET, NO_IP_OPTIONS, 0)
  if (settings.noDelay) sys.setsockopt(SOCKET, NO_DELAY, 1)
  if (banner !== '') {
    const out = new Writer(SOCKET, { failed: (errno) => dropped(verbosity, 'unable to print banner', errno) })
    out.puts(banner)
    out.flush()
  }
  const connection = explore(SOCKET, ip, port, settings)
  const { remote, info } = connection
  const rule = ruleFor({ ip, host: remote.host, info }, settings)
  const limit = limitOf(rule, settings)
  if (limit !== undefined && count > limit) {
    warned(verbosity, tooManyLine(limit, ip))
    exit(TOO_MANY)
  }
  environment().setAll([...tcpVariables(connection), ...rule.set])
  told(verbosity, () => verdictLine(rule.deny, pid, connection))
  if (rule.deny) exit(DENIED)
  // As after a real exec: the kernel hides a process that has changed its user.
  sys.dumpable(1)
  const errno = exec(prog)
  return dropped(verbosity, `unable to run ${prog[0]}`, errno)
}
