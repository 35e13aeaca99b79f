/** Waits for the program's command to start TLS, at next to no cost. */
import { type Environment, standBy } from '@moreqmail/unix'
import type { Assignment } from './assignment.ts'
import { type Command, decisionLine, UNKNOWN_COMMAND } from './command.ts'
import { DONE, faultLine, MISUSED, SYSTEM } from './fault.ts'
import { type Ends, tlsArguments, tlsDescriptorMap } from './start.ts'

/** Where the child has its end of the control socket. */
const CONTROL = 5

/** Starts the child that does TLS when the program with this pid asks for it: its pid, or a negative errno. */
export function standByForTls(assignment: Assignment, ends: Ends, pid: number, env: Environment): number {
  const line = (command: Command): string => decisionLine(assignment, command, pid) ?? ''
  const unknown = assignment.verbosity > 0 ? faultLine(assignment, { code: MISUSED, text: UNKNOWN_COMMAND }) : ''
  const argv = (report: boolean): readonly string[] => tlsArguments({ ...assignment, report })
  return standBy(
    CONTROL,
    tlsDescriptorMap(ends),
    [
      { byte: 'Y', line: line('report'), code: SYSTEM, argv: argv(true) },
      { byte: 'y', line: line('silent'), code: SYSTEM, argv: argv(false) },
      { byte: 'end', line: line('none'), code: DONE },
      { byte: 'other', line: unknown, code: MISUSED },
    ],
    env,
  )
}
