/** What qmail-rspawn is told when qmail-remote is not run. Pure. */

/** What a filter's end says about the message. */
export interface Ending {
  /** The name of the filter, as it was given. */
  readonly filter: string
  /** Its exit code; -1: a signal has ended it. */
  readonly code: number
  /** The first line that it has written on descriptor 2, `''` if there is none. */
  readonly line: string
}

export const IMPROPER = record('DI (qmail-rfilter) was invoked improperly. (#5.3.5)')
export const NO_FILE = record('Zqmail-rfilter: unable to write temporary file. (#4.3.0)')
export const NO_MESSAGE = record('Zqmail-rfilter: unable to read message. (#4.3.0)')
export const NO_REMOTE = record('Zqmail-rfilter: unable to run qmail-remote. (#4.3.0)')

/** So much of a filter's text goes into the report. */
export const MAX_TEXT = 400

const DROPPED = 99
const PERMANENT = 100
const WITH_LETTER = 82

/** The filter can't be run. */
export function notRun(filter: string): string {
  return record(`Zqmail-rfilter: unable to run ${filter}. (#4.3.0)`)
}

/** The filter has written an envelope that is none, or has not as many recipients as there were. */
export function badEnvelope(filter: string): string {
  return record(`Zqmail-rfilter: ${filter} wrote a bad envelope. (#4.3.0)`)
}

/** What the end of a filter by any exit code but 0 means for so many recipients. */
export function reportOf({ filter, code, line }: Ending, recipients: number): string {
  if (code === DROPPED) return 'r\0'.repeat(recipients) + record(`Kqmail-rfilter: message dropped by ${filter}.`)
  const [letter, said] = verdict(code, line.slice(0, MAX_TEXT))
  const text = said || `qmail-rfilter: ${filter} ${what(letter, code)}.`
  return record(letter + text + (text.includes('(#') ? '' : letter === 'D' ? ' (#5.7.1)' : ' (#4.3.0)'))
}

type Letter = 'D' | 'Z'

/** For good or for now, and the filter's text without its letter. */
function verdict(code: number, line: string): readonly [Letter, string] {
  if (code !== WITH_LETTER) return [code === PERMANENT || (code >= 11 && code <= 40) ? 'D' : 'Z', line]
  if (line.startsWith('D')) return ['D', line.slice(1)]
  return ['Z', line.startsWith('Z') ? line.slice(1) : line]
}

function what(letter: Letter, code: number): string {
  return letter === 'D' ? 'rejected the message' : code < 0 ? 'crashed' : 'failed'
}

/** A record, in which nothing can be taken for the end of it. */
function record(text: string): string {
  return `${text.replace(/[^ -~]/g, '?')}\n\0`
}
