/** Authentication-Results fields: which one is ours, and what it says (RFC 8601 section 2.2). Pure. */
import { lower } from '@moreqmail/unix/bytes'
import { type Field, valueText } from './header.ts'
import { squeeze } from './text.ts'
import type { Verdict } from './verification.ts'

const RESULTS_FIELD = 'authentication-results'

/** RFC 2045 5.1 */
const TOKEN = /^[!#-'*+.0-9A-Z^-~-]+$/
const IDENTITY = /^[!#-'*+.0-9A-Z^-~@-]+$/
const LONGEST = 255
/** So much of a signature tells it from others. RFC 6008 4 */
const SIGNATURE_START = 8

/** The field with its line ends: what was found by the host of this name. */
export function resultsField(id: string, verdicts: readonly Verdict[]): string {
  const start = `Authentication-Results: ${quoted(id.replace(/[^!-~]/g, '?'), TOKEN)};`
  if (verdicts.length === 0) return `${start} dkim=none\n`
  return `${start}\n${verdicts.map((verdict) => `\tdkim=${resultOf(verdict)}`).join(';\n')}\n`
}

function resultOf({ finding: { result, reason }, tags }: Verdict): string {
  const signature = squeeze(tags.get('b') ?? '').slice(0, SIGNATURE_START)
  return [
    result,
    ...(reason === '' ? [] : [`(${reason})`]),
    ...property('d', tags.get('d')),
    ...property('i', tags.get('i'), IDENTITY),
    ...property('s', tags.get('s')),
    ...property('a', tags.get('a')),
    ...property('b', signature),
  ].join(' ')
}

function property(name: string, value: string | undefined, plain = TOKEN): readonly string[] {
  if (value === undefined || value === '' || value.length > LONGEST || /[^!-~]/.test(value)) return []
  return [`header.${name}=${quoted(value, plain)}`]
}

function quoted(value: string, plain: RegExp): string {
  return plain.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
}

/** True if the field claims to be of the host of this name. */
export function isResultsOf(field: Field, id: string): boolean {
  if (field.name !== RESULTS_FIELD) return false
  const word = lower(firstWord(valueText(field)))
  // Some readers take a version that is joined so.
  return word === lower(id) || word.startsWith(`${lower(id)}/`)
}

/** The first token or quoted string of a value, comments and white space before it left out. */
function firstWord(value: string): string {
  let at = 0
  for (let level = 0; at < value.length; at++) {
    const c = value.charAt(at)
    if (level > 0 && c === '\\') at++
    else if (c === '(') level++
    else if (c === ')' && level > 0) level--
    else if (level === 0 && !' \t\r\n'.includes(c)) break
  }
  if (value[at] !== '"') return /^[^ \t\r\n;(]*/.exec(value.slice(at))?.[0] ?? ''
  let word = ''
  for (at++; at < value.length && value[at] !== '"'; at++) {
    if (value[at] === '\\') at++
    word += value.charAt(at)
  }
  return word.replace(/\r?\n/g, '')
}
