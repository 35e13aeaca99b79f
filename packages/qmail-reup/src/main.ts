/** qmail-reup: runs a program again and again, until it succeeds or says that it will not. */
import { args, environment, errorText, exit, note, spawn, sys, wait } from '@moreqmail/unix'
import { conclude, parseOptions, USAGE } from './runs.ts'

export const synopsis = 'qmail-reup [-t tries] prog [arg ...]'

const MISUSED = 1
const CANNOT_RUN = 111

export function main(): never {
  const options = parseOptions(args())
  if (options === undefined) {
    note(`reup: usage: ${USAGE}`)
    exit(MISUSED)
  }
  const { tries, prog } = options
  for (let run = 1; ; run++) {
    const env = environment().with({ REUP: String(run), REUPTRIES: tries > 0 ? String(tries) : undefined })
    const child = spawn(prog, { env })
    if (child < 0) cannot(`run ${prog[0]}`, child)
    const status = wait(child)
    if (typeof status === 'number') cannot(`wait for ${prog[0]}`, status)
    const { text, exit: code } = conclude(run, tries, status)
    note(`reup ${sys.getpid()} ${prog[0]} ${child} (${run}/${tries}): ${text}`)
    if (code !== undefined) exit(code)
  }
}

function cannot(what: string, errno: number): never {
  note(`reup: unable to ${what}: ${errorText(errno)}`)
  exit(CANNOT_RUN)
}
