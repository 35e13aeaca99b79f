/** One-line messages on descriptor 2, and ends of a program. */
import { type Errno, errorText } from './errno.ts'
import { complain, exit, note, programName } from './image.ts'

/** `PROGRAM: warning: TEXT`, with the system's reason if an errno is given. */
export function warn(text: string, errno?: Errno): void {
  complain(`warning: ${withReason(text, errno)}`)
}

/** `PROGRAM: fatal: TEXT`, with the system's reason if an errno is given; ends the program with the code. */
export function fatal(code: number, text: string, errno?: Errno): never {
  complain(`fatal: ${withReason(text, errno)}`)
  exit(code)
}

/** `PROGRAM: usage: SYNOPSIS`; ends the program with the code. */
export function usage(code: number, synopsis: string): never {
  note(`${programName()}: usage: ${synopsis}`)
  exit(code)
}

function withReason(text: string, errno: Errno | undefined): string {
  return errno === undefined ? text : `${text}: ${errorText(errno)}`
}
