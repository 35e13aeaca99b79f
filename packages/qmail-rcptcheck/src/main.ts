/** qmail-rcptcheck: runs recipient checks one after the other, until one speaks against the recipient. */
import { EXIT, REPLY, type Verdict, verdictOf } from '@moreqmail/rcptcheck'
import { bytes, chdirHome, controlList, env, environment, exit, manyRuns, note, type Run, sys } from '@moreqmail/unix'

export const synopsis = 'qmail-rcptcheck'

/** For so many checks it is worth going the way of the first, much of which is that of all. */
const MANY = 4
const NEVER = Number.POSITIVE_INFINITY

/** qmail-spp knows no exit codes: it reads a command, E to refuse the recipient and R to close the connection. */
const COMMAND: Readonly<Record<Verdict, string>> = {
  accept: '',
  reject: `E${REPLY.reject}\n`,
  defer: `R${REPLY.defer}\n`,
  broken: `R${REPLY.broken}\n`,
}

/** What the checks know a plugin's variables by. */
const NAMES = { SMTPMAILFROM: 'SENDER', SMTPRCPTTO: 'RECIPIENT', SMTPHELOHOST: 'HELOHOST' } as const

export function main(): never {
  const plugin = env('SMTPRCPTTO') !== undefined
  const answer = (verdict: Verdict): never => {
    if (!plugin) exit(EXIT[verdict])
    const command = bytes(COMMAND[verdict])
    if (command.length > 0) sys.write(1, command, 0, command.length)
    exit(0)
  }
  if (plugin) translateVariables()
  note(`qmail-rcptcheck: from ${env('SENDER') ?? ''} to ${env('RECIPIENT') ?? ''}`)
  const unable = (): never => answer('defer')
  if (chdirHome() < 0) unable()
  const checks = controlList('rcptchecks', unable, 'ends')?.entries() ?? []
  const run = manyRuns(checks.length >= MANY ? 0 : NEVER)
  for (const check of checks) {
    const verdict = ask(check, run)
    if (verdict !== 'accept') answer(verdict)
  }
  return answer('accept')
}

function translateVariables(): void {
  for (const [theirs, ours] of Object.entries(NAMES)) {
    const value = env(theirs)
    if (value !== undefined) environment().set(ours, value)
  }
}

/** Runs one check. Descriptor 1 is the client or the plugin's command pipe: what a check prints must not get there. */
function ask(check: string, run: Run): Verdict {
  const status = run([check], { path: check, fds: [[1, 2]] })
  return typeof status === 'number' ? 'broken' : verdictOf(status.code)
}
