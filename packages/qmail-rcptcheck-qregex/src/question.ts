/** Which values are looked for in which files, and what an entry says of a value. Pure. */
import { type Automaton, matches, parsePattern } from '@moreqmail/ere'

/** A value and the control file whose patterns speak against it. */
export interface Question {
  readonly file: string
  readonly value: string
  /** What a refusal is called in the log. */
  readonly kind: string
}

/** Finds a variable; undefined if it is not set. */
type Variable = (name: string) => string | undefined

/** What is to be looked for, in order. */
export function questions(sender: string, recipient: string, variable: Variable): Question[] {
  const helo = variable('HELOHOST') ?? variable('SMTPHELOHOST')
  const relay = variable('RELAYCLIENT') !== undefined
  const list: Question[] = []
  const ask = (file: string, value: string, kind: string) => list.push({ file, value, kind })
  if (helo !== undefined && variable('NOBADHELO') === undefined) ask('badhelo', helo, 'badhelo')
  if (sender !== '') ask('badmailfrom', sender, 'badmailfrom')
  if (sender !== '' && !relay) ask('badmailfromnorelay', sender, 'badmailfrom')
  ask('badmailto', recipient, 'badmailto')
  if (!relay) ask('badmailtonorelay', recipient, 'badmailto')
  return list
}

/** An entry of a file: `negated` ones speak against what does not match. */
export interface Entry {
  readonly negated: boolean
  readonly automaton: Automaton
}

/** Reads an entry, a pattern or `!` and a pattern; undefined if the pattern is bad. */
export function parseEntry(text: string): Entry | undefined {
  const negated = text.startsWith('!')
  const automaton = parsePattern(negated ? text.slice(1) : text)
  return automaton && { negated, automaton }
}

/** True if the entry speaks against the folded value. */
export function hits({ negated, automaton }: Entry, value: Uint8Array): boolean {
  return matches(automaton, value) !== negated
}
