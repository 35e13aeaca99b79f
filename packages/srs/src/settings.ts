/** What the control files say about SRS. Pure: how they are read is passed in. */
import { leadingNumber } from '@moreqmail/unix/bytes'
import { FULL_HASH } from './hash.ts'

/** A character that may stand behind the tag `SRS0` or `SRS1`. */
export type Separator = '-' | '+' | '='

/** How addresses are rewritten, and which rewritten ones are believed. */
export interface SrsSettings {
  /** The domain of rewritten addresses. */
  readonly domain: string
  /** The first one signs, all verify. */
  readonly secrets: readonly string[]
  /** Days for which an address is good. */
  readonly maxAge: number
  /** Characters of a hash that are written, and that are insisted on. */
  readonly hashLength: number
  readonly hashMin: number
  readonly separator: Separator
}

/** Reads control files. */
export interface Controls {
  /** The first line of a file; undefined if there is none. */
  readonly line: (name: string) => string | undefined
  /** The entries of a file; undefined if there is none. */
  readonly list: (name: string) => Iterable<string> | undefined
}

const MAX_AGE = 21
const HASH_LENGTH = 4

/** The settings by the control files `srs_*`, for the domain that is in `srs_domain`. */
export function srsSettings(domain: string, { line, list }: Controls): SrsSettings {
  // No number, and 0, are as no file: a hash without characters would be right for everything.
  const number = (name: string, otherwise: number): number => leadingNumber(line(name) ?? '') || otherwise
  const hashLength = Math.min(FULL_HASH, number('srs_hashlength', HASH_LENGTH))
  return {
    domain,
    secrets: [...(list('srs_secrets') ?? [])],
    maxAge: number('srs_maxage', MAX_AGE),
    hashLength,
    hashMin: Math.min(hashLength, number('srs_hashmin', hashLength)),
    separator: separatorOf(line('srs_separator') ?? ''),
  }
}

function separatorOf(text: string): Separator {
  const first = text.charAt(0)
  return first === '-' || first === '+' ? first : '='
}
