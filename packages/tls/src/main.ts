/** tls-io: does TLS for one connection, started by the programs that need it. */
import { args, environment, exit, NO_DELAY, note, now, programName, sys, usage } from '@moreqmail/unix'
import { type Assignment, readAssignment, restricted } from './assignment.ts'
import { announce, closeReport, judge } from './begin.ts'
import { Engine, REPORT } from './engine.ts'
import { DONE, type Fault, faultLine, MISUSED } from './fault.ts'
import { contextsOf, identityFor } from './identities.ts'
import { type Loaded, load } from './load.ts'
import { readPassword } from './password.ts'
import { derOf } from './pem.ts'
import { giveUp } from './privileges.ts'
import { readSettings } from './settings.ts'

export const synopsis = 'tls-io [ name=value ... ]'

const PASSWORD = 6

export function main(): void {
  const started = now()
  // The runtime has a dozen of its own here.
  sys.nofile(Number.MAX_SAFE_INTEGER)
  sys.title([programName(), ...args()])
  const told = readAssignment(args())
  if (told === undefined) usage(MISUSED, synopsis)
  const assignment = restricted(told, environment().entries())
  const give = <T extends object>(result: T | Fault): T => ('code' in result ? refuse(assignment, result) : result)
  const settings = give(readSettings(environment().entries(), assignment))
  const material = give(load(settings))
  const { identities } = material
  const contexts = contextsOf(material, settings, assignment.password ? keyPassword() : undefined)
  // What can be wrong with our side is told before the network has its say.
  for (const identity of assignment.check ? identities : identities.slice(0, 1)) give(contexts(identity))
  if (identities.length === 0) give(contexts(undefined))
  if (assignment.check) exit(DONE)
  const fault = giveUp(settings, assignment)
  if (fault !== undefined) refuse(assignment, fault)
  if (!assignment.report) closeReport(REPORT)
  for (const fd of [0, 1]) sys.setsockopt(fd, NO_DELAY, 1)

  let chosen: Loaded | undefined
  new Engine(
    assignment,
    {
      choose: (asked) => {
        chosen = identityFor(asked, identities)
        return assignment.server && chosen === undefined ? undefined : contexts(chosen)
      },
      begin: (session, asked) => {
        const fault = judge(session, assignment)
        const own = chosen?.chain[0]
        const name = assignment.server ? asked : assignment.serverName
        if (fault === undefined) announce(session, assignment, name, own === undefined ? undefined : derOf(own), REPORT)
        return fault
      },
    },
    started,
  ).run()
}

function refuse(assignment: Assignment, fault: Fault): never {
  if (assignment.verbosity > 0) note(faultLine(assignment, fault))
  exit(fault.code)
}

/** The password of the key; none if it can't be read. */
function keyPassword(): string {
  const password = readPassword(PASSWORD)
  if (typeof password === 'number') return ''
  // The engine turns it into bytes again.
  const text = new TextDecoder().decode(password)
  password.fill(0)
  return text
}
