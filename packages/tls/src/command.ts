/** What a program asks for on its control socket (UCSPI-TLS). Pure. */
import type { Assignment } from './assignment.ts'

/** TLS with a report, TLS without one, or none; `unknown` is no command. */
export type Command = 'report' | 'silent' | 'none' | 'unknown'

const Y = 89
const LOWER_Y = 121

/** The command in the first byte; undefined: the end of file came before it. */
export function commandIn(byte: number | undefined): Command {
  switch (byte) {
    case undefined:
      return 'none'
    case Y:
      return 'report'
    case LOWER_Y:
      return 'silent'
    default:
      return 'unknown'
  }
}

export const UNKNOWN_COMMAND = 'unrecognized command on control socket'

/** The line about what the program with this pid has decided; undefined if there is none to write. */
export function decisionLine({ name, verbosity }: Assignment, command: Command, pid: number): string | undefined {
  if (verbosity < 2 || command === 'unknown') return undefined
  return `${name}: info: pid ${pid} ${command === 'none' ? 'declined' : 'accepted'} opportunistic TLS`
}
