/** The options of signing, as users of qmail-dkim give them. Pure. */
import { lower, wholeNumber } from '@moreqmail/unix/bytes'
import { getopt } from '@moreqmail/unix/getopt'
import { entryOf } from '@moreqmail/unix/table'
import type { Canonicalization } from './canonical.ts'

export interface SignOptions {
  readonly headerForm: Canonicalization
  readonly bodyForm: Canonicalization
  readonly domain: string | undefined
  readonly identity: string | undefined
  /** Seconds after which the signature is worth nothing; 0: none. */
  readonly seconds: number
  readonly selector: string | undefined
  readonly keyFile: string | undefined
  /** q is written. */
  readonly query: boolean
  /** Names of fields not to sign, in lower case. */
  readonly excluded: readonly string[]
}

/** Looks up a variable. */
export type Get = (name: string) => string | undefined

const LETTERS = 'b:c:d:hi:lqs:tx:y:z:'

const FORMS: Readonly<Record<string, readonly [header: Canonicalization, body: Canonicalization]>> = {
  r: ['relaxed', 'relaxed'],
  s: ['simple', 'simple'],
  t: ['relaxed', 'simple'],
  u: ['simple', 'relaxed'],
}

/**
 * The options in the variable of this name, and those that have one of their own; undefined if there is an unknown one, or
 * one without a sensible value.
 */
export function signOptions(get: Get, variable: string): SignOptions | undefined {
  const words = (get(variable) ?? '').split(/[ \t\n]+/).filter(Boolean)
  const line = getopt(words, LETTERS)
  if ('fault' in line || line.rest.length > 0) return undefined
  const value = (letter: string): string | undefined =>
    line.options.findLast((option) => option.letter === letter)?.value
  const form = value('c') ?? 'r'
  const forms = entryOf(FORMS, form)
  const seconds = secondsOf(get('DKIMEXPIRE') || value('x') || '-')
  if (forms === undefined || seconds === undefined) return undefined
  return {
    headerForm: forms[0],
    bodyForm: forms[1],
    domain: value('d'),
    identity: get('DKIMIDENTITY') || value('i'),
    seconds,
    selector: value('y'),
    keyFile: value('s'),
    query: value('q') !== undefined,
    excluded: (get('EXCLUDE_DKIMSIGN') ?? '').split(':').map((name) => lower(name.trim())),
  }
}

function secondsOf(text: string): number | undefined {
  return text === '-' ? 0 : wholeNumber(text)
}
