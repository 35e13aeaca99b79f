/** One-line messages on descriptor 2, and ends of a program. */
import { type Errno, errorText } from './errno.ts'
import { complain, exit, programName } from './image.ts'
import { sys } from './shim.ts'

/**
 * One line on descriptor 2 exactly as given but for bytes below 32 and 127, which become `?`; a single write. Nothing
 * can be done about a failure.
 */
export function note(text: string): void {
  const line = text.replace(/[\0-\x1f\x7f]/g, '?')
  const bytes = new Uint8Array(line.length + 1)
  sys.encode(`${line}\n`, bytes, 0, bytes.length)
  sys.write(2, bytes, 0, bytes.length)
}

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
