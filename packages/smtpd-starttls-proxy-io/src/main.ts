/** smtpd-starttls-proxy-io: offers STARTTLS in front of an SMTP server that has none. */
import { DESCRIPTOR_NAMES, type Descriptors, tlsDescriptors } from '@moreqmail/ucspi-tls'
import { args, env, environment, exec, fatal, spawnSelf, sys, usage } from '@moreqmail/unix'
import { standBetween } from './between.ts'

export const synopsis = 'smtpd-starttls-proxy-io [ -- ] prog'

const MISUSED = 100
const TROUBLE = 111

/** The first argument of the child that stands between the client and prog; its descriptors from and to prog follow. */
const BETWEEN = '--between'

export function main(): never {
  const words = args()
  const prog = words[0] === '--' ? words.slice(1) : words
  if (prog.length === 0) usage(MISUSED, synopsis)
  const descriptors =
    tlsDescriptors(env, (fd) => sys.isopen(fd) === 0) ??
    fatal(MISUSED, `${DESCRIPTOR_NAMES.join(', ')} must name open descriptors`)
  if (words[0] === BETWEEN) standBetween(descriptors, Number(words[1]), Number(words[2]))
  putBetween(descriptors)
  for (const name of DESCRIPTOR_NAMES) environment().set(name, undefined)
  for (const fd of Object.values(descriptors)) if (fd > 2) sys.keep(fd, 0)
  fatal(TROUBLE, `unable to run ${prog[0]}`, exec(prog))
}

/** Starts the child that has the client, and leaves this process with pipes to it on 0 and 1. */
function putBetween(descriptors: Descriptors): void {
  const toProg = sys.pipe()
  const fromProg = sys.pipe()
  if (typeof toProg === 'number') fatal(TROUBLE, 'unable to make a pipe', toProg)
  if (typeof fromProg === 'number') fatal(TROUBLE, 'unable to make a pipe', fromProg)
  const from = Math.max(2, ...Object.values(descriptors)) + 1
  const to = from + 1
  const pid = spawnSelf([BETWEEN, String(from), String(to)], {
    fds: [
      [from, fromProg[0]],
      [to, toProg[1]],
    ],
  })
  if (pid < 0) fatal(TROUBLE, 'unable to start a process', pid)
  const errno = Math.min(sys.dup2(toProg[0], 0), sys.dup2(fromProg[1], 1))
  if (errno < 0) fatal(TROUBLE, 'unable to move descriptors', errno)
  for (const fd of [...toProg, ...fromProg]) sys.close(fd)
}
