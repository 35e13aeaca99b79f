/** qmail-spp-spf: finds out whether the client may send mail of the sender's domain, and tells qmail-smtpd. */
import { stubResolver } from '@moreqmail/dns'
import { type Client, clientAddress } from '@moreqmail/spf'
import {
  chdirHome,
  complain,
  controlLine,
  type Errno,
  env,
  errorText,
  exit,
  leadingNumber,
  sys,
  Writer,
} from '@moreqmail/unix'
import { check, log } from './check.ts'
import { configured } from './commands.ts'

export const synopsis = 'qmail-spp-spf'

/** qmail-smtpd defers the mail. */
const CANNOT_RUN = 120
/** For all that is asked of the DNS. */
const SECONDS = 20
/** The behaviour level unless another is set: nothing is refused. */
const HEADER_ONLY = 1

export function main(): never {
  if (env('RELAYCLIENT') !== undefined) exit(0)
  const errno = chdirHome()
  if (errno < 0) unable('enter the qmail home', errno)
  const level = leadingNumber(env('SPFBEHAVIOR') ?? '') ?? leadingNumber(control('spfbehavior') ?? '') ?? HEADER_ONLY
  if (level === 0) exit(0)
  const client = findClient()
  answer(client === undefined ? configured(env('SPP_SPF_NO_RESULT')) : check(client, level, control))
}

/** Undefined, and a line in the log, if there is nothing that could be checked. */
function findClient(): Client | undefined {
  const address = env('TCPREMOTEIP') ?? env('TCP6REMOTEIP')
  const [sender, helo] = [env('SMTPMAILFROM'), env('SMTPHELOHOST')]
  const ip = clientAddress(address ?? '')
  if (address === undefined) complain("ERROR: can't read TCPREMOTEIP or TCP6REMOTEIP")
  else if (sender === undefined && helo === undefined) log(address, "can't read SMTPMAILFROM or SMTPHELOHOST")
  else if (ip === undefined) log(address, 'invalid address')
  else {
    const receiver = control('me') ?? hostName()
    const { resolve } = stubResolver({ seconds: SECONDS })
    return { ip, sender: sender ?? '', helo: helo ?? '', receiver, time: sys.clock(0), ask: resolve }
  }
  return undefined
}

function hostName(): string {
  const name = sys.gethostname()
  return typeof name === 'string' ? name : 'unknown'
}

/** The first line of a control file; undefined if it is empty or missing. */
function control(name: string): string | undefined {
  return controlLine(name, (errno) => unable(`read control/${name}`, errno)) || undefined
}

/** What the administrator wants can't be found out. */
function unable(what: string, errno: Errno): never {
  complain(`fatal: unable to ${what}: ${errorText(errno)}`)
  answer('E451 unable to read controls (#4.3.0)\n')
}

function answer(commands: string): never {
  const out = new Writer(1)
  out.puts(commands)
  exit(out.flush() ? 0 : CANNOT_RUN)
}
