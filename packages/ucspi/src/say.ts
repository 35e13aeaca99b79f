/** Which messages of a UCSPI tool are printed, and how they end it. */
import { type Errno, exit, fatal, getopt, note, programName, usage, warn } from '@moreqmail/unix'
import type { CommandLine } from '@moreqmail/unix/getopt'
import type { Verbosity } from './listen-options.ts'

const MISUSED = 100
const TROUBLE = 111

/** Takes the options off the arguments; a wrong one ends the program. */
export function commandLine(words: readonly string[], letters: string, synopsis: string): CommandLine {
  const line = getopt(words, letters)
  if (!('fault' in line)) return line
  note(`${programName()}: ${line.fault} -- ${line.option}`)
  return misused(synopsis)
}

/** Ends the program with its usage. */
export function misused(synopsis: string): never {
  usage(MISUSED, synopsis)
}

/** Ends the program: it can't do its work. */
export function failed(verbosity: Verbosity, text: string, errno?: Errno): never {
  if (verbosity > 0) fatal(TROUBLE, text, errno)
  exit(TROUBLE)
}

/** Ends the program: a variable has a value that it can't have. */
export function misconfigured(verbosity: Verbosity, text: string): never {
  if (verbosity > 0) fatal(MISUSED, text)
  exit(MISUSED)
}

/** Ends the child of a listener: its connection is given up. */
export function dropped(verbosity: Verbosity, text: string, errno?: Errno): never {
  warned(verbosity, `dropping connection, ${text}`, errno)
  exit(TROUBLE)
}

/** Something has gone wrong, but the program goes on. */
export function warned(verbosity: Verbosity, text: string, errno?: Errno): void {
  if (verbosity > 0) warn(text, errno)
}

/** Something that was tried has not worked: a line without more ado. */
export function complained(verbosity: Verbosity, text: string): void {
  if (verbosity > 0) note(`${programName()}: ${text}`)
}

/** A line of the log; made only if it is printed. */
export function told(verbosity: Verbosity, line: () => string): void {
  if (verbosity > 1) note(`${programName()}: ${line()}`)
}
