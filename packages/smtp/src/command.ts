/** How a line becomes a command: its verb and its argument. */
import { CR, latin1, lower, NUL } from '@moreqmail/unix/bytes'

export interface Command {
  /** In lower case; '' if the line is empty or begins with a space. */
  readonly verb: string
  /** As it was sent; spaces before it are gone, those at its end are not. */
  readonly argument: string
}

/** What a NUL does to a command line: it ends it, or stands for a line feed. */
export type NulRule = 'cut' | 'linefeed'

/** Takes apart a line that comes without its LF; one CR at its end goes too. Only a space ends a verb, as in qmail. */
export function parseCommand(line: Uint8Array, nul: NulRule): Command {
  const end = line.at(-1) === CR ? line.length - 1 : line.length
  const first = line.indexOf(NUL)
  const whole = latin1(line, 0, nul === 'cut' && first >= 0 && first < end ? first : end)
  const text = nul === 'linefeed' && first >= 0 ? whole.replaceAll('\0', '\n') : whole
  const space = text.indexOf(' ')
  if (space < 0) return { verb: lower(text), argument: '' }
  let from = space
  while (text[from] === ' ') from++
  return { verb: lower(text.slice(0, space)), argument: text.slice(from) }
}
