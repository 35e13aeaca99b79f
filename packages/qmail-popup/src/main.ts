/** qmail-popup: qmail-authup for POP3, with the host's name on the command line. */
import { args, execSelf, fatal, usage } from '@moreqmail/unix'

export const synopsis = 'qmail-popup host prog [arg ...]'

const FAILED = 1

export function main(): never {
  const [host, ...prog] = args()
  if (host === undefined || prog.length === 0) usage(FAILED, synopsis)
  fatal(FAILED, 'unable to run qmail-authup', execSelf(['qmail-authup', '-g', host, 'pop3', ...prog]))
}
