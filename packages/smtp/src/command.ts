/** How a line becomes a command: its verb and its argument. */
import { CR, latin1, lower, NUL, SPACE } from '@moreqmail/unix/bytes'

export interface Command {
  /** In lower case; '' if the line is empty or begins with a space. */
  readonly verb: string
  /** As it was sent; spaces before it are gone, those at its end are not. */
  readonly argument: string
}

/** A command whose argument stays where it is: it may be a secret, and a string can't be overwritten. */
export interface CommandInPlace {
  readonly verb: string
  /** A view of the line. */
  readonly argument: Uint8Array
}

/** What a NUL does to a command line: it ends it, or stands for a line feed. */
export type NulRule = 'cut' | 'linefeed'

/** Takes apart a line that comes without its LF; one CR at its end goes too. Only a space ends a verb, as in qmail. */
export function parseCommand(line: Uint8Array, nul: NulRule): Command {
  const whole = withoutCr(line)
  const first = whole.indexOf(NUL)
  const { verb, argument } = splitCommand(nul === 'cut' && first >= 0 ? whole.subarray(0, first) : whole)
  const text = latin1(argument)
  if (nul === 'cut' || first < 0) return { verb, argument: text }
  return { verb: verb.replaceAll('\0', '\n'), argument: text.replaceAll('\0', '\n') }
}

/** The line without the one CR that may end it. */
export function withoutCr(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === CR ? line.subarray(0, -1) : line
}

/** Takes apart a line that comes without its end. */
export function splitCommand(line: Uint8Array): CommandInPlace {
  const space = line.indexOf(SPACE)
  if (space < 0) return { verb: lower(latin1(line)), argument: line.subarray(line.length) }
  let from = space
  while (line[from] === SPACE) from++
  return { verb: lower(latin1(line, 0, space)), argument: line.subarray(from) }
}
