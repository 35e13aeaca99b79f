/** How often the program is run, and what its end means. Pure. */
import { leadingNumber } from '@moreqmail/unix/bytes'
import { getopt } from '@moreqmail/unix/getopt'

export const USAGE = 'reup [ -t tries ] prog'

/** The program's way to say: don't run me again. */
const NO_MORE_RUNS = 12

export interface Options {
  /** At most so many runs; 0: no limit. */
  readonly tries: number
  readonly prog: readonly [string, ...string[]]
}

/** The options; undefined if they are misused. */
export function parseOptions(words: readonly string[]): Options | undefined {
  const line = getopt(words, 't:')
  if ('fault' in line) return undefined
  let tries = 0
  for (const { value } of line.options) {
    const number = leadingNumber(value)
    if (number === undefined) return undefined
    // It is shown in digits, and qmail-authup reads them.
    tries = Math.min(number, Number.MAX_SAFE_INTEGER)
  }
  const [name, ...rest] = line.rest
  return name === undefined ? undefined : { tries, prog: [name, ...rest] }
}

/** How a run has ended, for the log, and the code to exit with; undefined: it is to be run again. */
export interface Conclusion {
  readonly text: string
  readonly exit: number | undefined
}

/** What the end of the run with this number (the first is 1) means. */
export function conclude(run: number, tries: number, { code, signal }: { code: number; signal: number }): Conclusion {
  // A crash would only come again.
  if (signal !== 0) return { text: 'crashed', exit: 1 }
  const last = code === 0 || code === NO_MORE_RUNS || run === tries
  return { text: `exit ${code}`, exit: last ? code : undefined }
}
