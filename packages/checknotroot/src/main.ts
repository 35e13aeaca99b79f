/** checknotroot: becomes the program it is given, unless it runs as root. */
import { args, errorText, exec, exit, note, sys, usage } from '@moreqmail/unix'

export const synopsis = 'checknotroot prog'

/** To qmail-authup this is a login refused, as for a wrong password. */
const REFUSED = 1
const CANNOT_RUN = 111

export function main(): never {
  const prog = args()
  if (prog.length === 0) usage(REFUSED, synopsis)
  if (sys.getuid() === 0 || sys.geteuid() === 0) {
    note('checknotroot: WAS RUNNING AS ROOT, TERMINATING')
    exit(REFUSED)
  }
  const errno = exec(prog)
  note(`checknotroot: unable to run ${prog[0]}: ${errorText(errno)}`)
  exit(CANNOT_RUN)
}
