/** What the command line and qmail-reup ask for. Pure. */
import { leadingNumber, lower } from '@moreqmail/unix/bytes'
import { getopt } from '@moreqmail/unix/getopt'
import type { Name } from './protocol.ts'

export const USAGE = 'authup [ -t tries ] [ -g greeting ] <smtp|pop3> prog'

/** So many logins may fail if nobody says otherwise. */
const TRIES: Readonly<Record<Name, number>> = { smtp: 5, pop3: 1 }

export interface Options {
  readonly protocol: Name
  /** After so many failed logins the client has to go. */
  readonly tries: number
  /** Takes the place of the control files' greeting. */
  readonly greeting: string | undefined
  /** checkpassword, and what it is to run. */
  readonly prog: readonly string[]
}

/** The options; undefined if they are misused. `reupTries` is how often qmail-reup would run us, as it says it. */
export function parseOptions(words: readonly string[], reupTries: string | undefined): Options | undefined {
  const line = getopt(words, 't:g:')
  if ('fault' in line) return undefined
  let tries = 0
  let greeting: string | undefined
  for (const { letter, value } of line.options) {
    if (letter === 'g') greeting = value
    else {
      const number = count(value)
      if (number === undefined) return undefined
      tries = number
    }
  }
  const [name = '', ...prog] = line.rest
  const protocol = lower(name)
  if ((protocol !== 'smtp' && protocol !== 'pop3') || prog.length === 0) return undefined
  return { protocol, tries: tries || count(reupTries ?? '') || TRIES[protocol], greeting, prog }
}

/** The leading digits as a number that can be counted down, and shown in the log. */
function count(text: string): number | undefined {
  const number = leadingNumber(text)
  return number && Math.min(number, Number.MAX_SAFE_INTEGER)
}
