/** The command line of qmail-remote-io. Pure. */
import { wholeNumber } from '@moreqmail/unix/bytes'

export interface Options {
  /** Seconds for each reply and each write; 0: no limit. */
  readonly timeout: number
  readonly readFrom: number
  readonly writeTo: number
  /** What to say in EHLO; undefined: the server has answered EHLO already. */
  readonly helohost: string | undefined
  /** The words behind the options. */
  readonly rest: readonly string[]
}

type Name = 'timeoutremote' | 'fdr' | 'fdw' | 'helohost'

const NAMES: Readonly<Record<string, Name>> = { t: 'timeoutremote', 6: 'fdr', 7: 'fdw', h: 'helohost' }
const OPTION = /^-(?:-(timeoutremote|fdr|fdw|helohost)(?:=(.*))?|([t67h])(.+)?)$/s

/** Takes the options off the words; each has a value, joined or in the next word. A string says what is wrong. */
export function parseOptions(words: readonly string[]): Options | string {
  const values = new Map<Name, string>()
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at] ?? ''
    if (!word.startsWith('-') || word === '-') break
    if (word === '--') {
      at++
      break
    }
    const [known, long, afterEquals, letter = '', joined] = OPTION.exec(word) ?? []
    const name = (long as Name | undefined) ?? NAMES[letter]
    if (known === undefined || name === undefined) return 'invalid option'
    const value = afterEquals ?? joined ?? words[++at]
    if (value === undefined) return 'too few arguments'
    values.set(name, value)
  }
  const timeout = wholeNumber(values.get('timeoutremote') ?? '1200')
  const readFrom = wholeNumber(values.get('fdr') ?? '6')
  const writeTo = wholeNumber(values.get('fdw') ?? '7')
  if (timeout === undefined) return 'invalid timeoutremote'
  if (readFrom === undefined) return 'invalid fdr'
  if (writeTo === undefined) return 'invalid fdw'
  return { timeout, readFrom, writeTo, helohost: values.get('helohost'), rest: words.slice(at) }
}

/** The reply to EHLO that has these keywords, a line each with their parameters. */
export function replyOf(keywords: string): string {
  return ['', ...keywords.split('\n')].map((keyword) => `250-${keyword}\n`).join('')
}
