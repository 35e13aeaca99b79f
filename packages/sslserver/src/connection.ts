/** The child that has one connection: it decides about it, waits for TLS if that comes first, and becomes the program. */
import { decodeVariables, type NearEnds, readReport, SESSION_NAMES } from '@moreqmail/tls'
import {
  type Connection,
  dropped,
  explore,
  type ListenSettings,
  limitOf,
  pidLine,
  type Rule,
  ruleFor,
  sslVariables,
  told,
  tooManyLine,
  verdictLine,
  warned,
} from '@moreqmail/ucspi'
import { dropTo, environment, exec, exit, NO_DELAY, NO_IP_OPTIONS, sys, Writer } from '@moreqmail/unix'
import type { TlsSettings } from './options.ts'

/** The connection is on both; the program expects it there. */
const READ = 0
const WRITE = 1
/** Where the listener puts the program's ends of the UCSPI-TLS descriptors. */
export const ENDS: NearEnds = { control: 10, read: 11, write: 12 }

const DENIED = 100
const TROUBLE = 111

/** Those that promise TLS; a session that is TLS already has no use for it. */
const PROMISES = ['SSLCTLFD', 'SSLREADFD', 'SSLWRITEFD', 'UCSPITLS', 'DISABLETLS']

/** Goes on with the connection from this address and port, the client's `count`-th. */
export function serveConnection(
  ip: string,
  port: number,
  count: number,
  settings: ListenSettings,
  tls: TlsSettings,
): never {
  const { verbosity, prog, uid, gid } = settings
  const pid = sys.getpid()
  told(verbosity, () => pidLine(pid, ip))
  if (!settings.keepSourceRoute) sys.setsockopt(READ, NO_IP_OPTIONS, 0)
  if (settings.noDelay) sys.setsockopt(READ, NO_DELAY, 1)
  const first = firstRule(ip, port, settings, tls)
  const connection = explore(READ, ip, port, settings)
  const { remote, info } = connection
  const rule = ruleFor({ ip, host: remote.host, info }, settings)
  const limit = limitOf(rule, settings) ?? limitOf(first, settings)
  if (limit !== undefined && count > limit) {
    warned(verbosity, tooManyLine(limit, ip))
    exit(TROUBLE)
  }
  if (tls.matchHost) write(ENDS.control, `${remote.host ?? ''}\0`, settings)
  told(verbosity, () => verdictLine(rule.deny, pid, connection))
  if (rule.deny) exit(DENIED)
  const env = environment()
    .remove((name) => SESSION_NAMES.includes(name))
    .setAll(sslVariables(connection, tls.tcp))
  if (tls.delayed) {
    env.setAll([
      ['SSLCTLFD', String(ENDS.control)],
      ['SSLREADFD', String(ENDS.read)],
      ['SSLWRITEFD', String(ENDS.write)],
    ])
  } else {
    env.remove((name) => PROMISES.includes(name)).setAll(secure(settings))
  }
  env.setAll([...first.set, ...rule.set])
  write(WRITE, settings.banner, settings)
  const errno = dropTo(uid, gid, true)
  if (errno < 0) dropped(verbosity, 'unable to set user and group', errno)
  // As after a real exec: the kernel hides a process that has changed its user.
  sys.dumpable(1)
  return dropped(verbosity, `unable to run ${prog[0]}`, exec(prog))
}

/** What the rules say that are asked before any name is looked up. */
function firstRule(ip: string, port: number, settings: ListenSettings, { firstRules }: TlsSettings): Rule {
  const rule = ruleFor({ ip, host: undefined, info: undefined }, { ...settings, rules: firstRules })
  if (!rule.deny) return rule
  const unknown = { ...settings, localHost: settings.localHost ?? '', lookUpHost: false, identTimeout: undefined }
  const connection: Connection = explore(READ, ip, port, unknown)
  told(settings.verbosity, () => verdictLine(true, sys.getpid(), connection))
  exit(DENIED)
}

/** Has TLS started and the connection replaced by what is inside: the variables of the session. */
function secure(settings: ListenSettings): ReadonlyArray<readonly [string, string | undefined]> {
  write(ENDS.control, 'Y', settings)
  const variables = decodeVariables(readReport(ENDS))
  // Why there is none has been said.
  if (variables === undefined) exit(TROUBLE)
  sys.dup2(ENDS.read, READ)
  sys.dup2(ENDS.write, WRITE)
  for (const fd of Object.values(ENDS)) sys.close(fd)
  return variables
}

function write(fd: number, text: string, { verbosity }: ListenSettings): void {
  if (text === '') return
  const out = new Writer(fd, { failed: (errno) => dropped(verbosity, 'unable to write', errno) })
  out.puts(text)
  out.flush()
}
