/** What qmail-rspawn is told when qmail-remote is not run. Pure. */

/** What a filter's end says about the message. */
export interface Ending {
  /** The name of the filter, as it was given. */
  readonly filter: string
  /** Its exit code; -1: a signal has ended it. */
  readonly code: number
  /** The letter that what it has written on descriptor 2 begins with, where that counts. */
  readonly letter: Letter | ''
  /** The first line behind it, `''` if there is none. */
  readonly line: string
}

/** For good or for now. */
export type Letter = 'D' | 'Z'

/** By this code a filter says that its first letter counts. */
export const WITH_LETTER = 82

export const IMPROPER = record('DI (qmail-rfilter) was invoked improperly. (#5.3.5)')
export const NO_FILE = record('Zqmail-rfilter: unable to write temporary file. (#4.3.0)')
export const NO_MESSAGE = record('Zqmail-rfilter: unable to read message. (#4.3.0)')
export const NO_REMOTE = record('Zqmail-rfilter: unable to run qmail-remote. (#4.3.0)')

/** So much of a filter's text goes into the report. */
export const MAX_TEXT = 400

const DROPPED = 99
const PERMANENT = 100

/** The filter can't be run. */
export function notRun(filter: string): string {
  return record(`Zqmail-rfilter: unable to run ${filter}. (#4.3.0)`)
}

/** The filter has written an envelope that is none, or has not as many recipients as there were. */
export function badEnvelope(filter: string): string {
  return record(`Zqmail-rfilter: ${filter} wrote a bad envelope. (#4.3.0)`)
}

/** What the end of a filter by any exit code but 0 means for so many recipients. */
export function reportOf({ filter, code, letter: first, line }: Ending, recipients: number): string {
  if (code === DROPPED) return 'r\0'.repeat(recipients) + record(`Kqmail-rfilter: message dropped by ${filter}.`)
  const letter = code === WITH_LETTER ? first || 'Z' : code === PERMANENT || (code >= 11 && code <= 40) ? 'D' : 'Z'
  const text = line.slice(0, MAX_TEXT) || `qmail-rfilter: ${filter} ${what(letter, code)}.`
  return record(letter + text + (text.includes('(#') ? '' : letter === 'D' ? ' (#5.7.1)' : ' (#4.3.0)'))
}

function what(letter: Letter, code: number): string {
  return letter === 'D' ? 'rejected the message' : code < 0 ? 'crashed' : 'failed'
}

/** A record, in which nothing can be taken for the end of it. */
function record(text: string): string {
  return `${text.replace(/[^ -~]/g, '?')}\n\0`
}
