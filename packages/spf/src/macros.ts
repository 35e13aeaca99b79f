/** Macros: what a text with them says, and which text may name a domain. RFC 7208 7. Pure. */
import { leadingNumber } from '@moreqmail/unix/bytes'

/** One macro: its letter in lower case, or `%`, `_` or `-` of those that always mean the same. */
export interface Macro {
  readonly letter: string
  /** So many parts from the right are kept. */
  readonly parts: number
  readonly reversed: boolean
  /** What the value is split at. */
  readonly delimiters: ReadonlySet<string>
  /** Written with an upper-case letter: the value is escaped as in a URL. */
  readonly escaped: boolean
}

/** Literal text and macros, in order. */
export type MacroText = ReadonlyArray<string | Macro>

/** The value of a macro's letter. */
export type Values = (letter: string) => string

/** RFC 7208 7.3 */
const LONGEST_NAME = 253

const FIXED: ReadonlyMap<string, string> = new Map([
  ['%', '%'],
  ['_', ' '],
  ['-', '%20'],
])

const EXPANSION = /^([slodipvhcrt])([0-9]*)(r?)([-.+,/_=]*)$/i
/** RFC 7208 7.2: in explanations only. */
const EXPLAINING = 'crt'

/** The parts of a text; undefined if a macro in it is wrong. `explaining`: letters of explanations are allowed. */
export function parseMacros(text: string, explaining: boolean): MacroText | undefined {
  const parts: Array<string | Macro> = []
  for (let at = 0; ; ) {
    const percent = text.indexOf('%', at)
    const literal = text.slice(at, percent < 0 ? text.length : percent)
    if (literal !== '') parts.push(literal)
    if (percent < 0) return parts
    const next = text.charAt(percent + 1)
    const end = next === '{' ? text.indexOf('}', percent) : percent + 1
    const macro = next === '{' ? parseExpansion(text.slice(percent + 2, Math.max(0, end))) : fixed(next)
    if (macro === undefined || (!explaining && EXPLAINING.includes(macro.letter))) return undefined
    parts.push(macro)
    at = end + 1
  }
}

function fixed(letter: string): Macro | undefined {
  if (!FIXED.has(letter)) return undefined
  return { letter, parts: Number.POSITIVE_INFINITY, reversed: false, delimiters: new Set(), escaped: false }
}

/** What is between the braces. */
function parseExpansion(text: string): Macro | undefined {
  const [, letter = '', digits = '', reversed, delimiters] = EXPANSION.exec(text) ?? []
  const parts = leadingNumber(digits) ?? Number.POSITIVE_INFINITY
  if (letter === '' || parts === 0) return undefined
  const folded = letter.toLowerCase()
  return {
    letter: folded,
    parts,
    reversed: reversed !== '',
    delimiters: new Set(delimiters || '.'),
    escaped: letter !== folded,
  }
}

/**
 * The text as a domain-spec: it ends in a macro, or in a dot and a top-level label, perhaps with another dot. Undefined if
 * it is none. RFC 7208 7.1
 */
export function parseDomainSpec(text: string): MacroText | undefined {
  const parts = parseMacros(text, false)
  const last = parts?.at(-1)
  if (typeof last !== 'string') return last && parts
  const end = last.endsWith('.') ? last.length - 1 : last.length
  const dot = last.lastIndexOf('.', end - 1)
  return dot >= 0 && end > 0 && isTopLabel(last.slice(dot + 1, end)) ? parts : undefined
}

function isTopLabel(label: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i.test(label) && /[^0-9]/.test(label)
}

/** True if the letter is one of the text's macros. */
export function uses(text: MacroText, letter: string): boolean {
  return text.some((part) => typeof part !== 'string' && part.letter === letter)
}

/**
 * The name that the text gives, without a dot at its end. Of one that is too long labels are cut off at its left; if
 * none of them is short enough it is ''.
 */
export function expandName(text: MacroText, values: Values): string {
  let name = ''
  // From the right, since no more is needed than what may be left: the text can repeat long values as often as it likes.
  for (let i = text.length - 1; i >= 0 && name.length <= LONGEST_NAME + 1; i--)
    name = expand(text[i] ?? '', values) + name
  if (name.endsWith('.')) name = name.slice(0, -1)
  if (name.length <= LONGEST_NAME) return name
  const dot = name.indexOf('.', name.length - LONGEST_NAME - 1)
  return dot < 0 ? '' : name.slice(dot + 1)
}

/** What the text says, as far as this length. */
export function expandText(text: MacroText, values: Values, most: number): string {
  let said = ''
  for (let i = 0; i < text.length && said.length < most; i++) said += expand(text[i] ?? '', values)
  return said.slice(0, most)
}

function expand(part: string | Macro, values: Values): string {
  if (typeof part === 'string') return part
  const { letter, parts, reversed, delimiters, escaped } = part
  const same = FIXED.get(letter)
  if (same !== undefined) return same
  let pieces = [values(letter)]
  for (const delimiter of delimiters) pieces = pieces.flatMap((piece) => piece.split(delimiter))
  if (reversed) pieces.reverse()
  const value = pieces.slice(-parts).join('.')
  return escaped ? urlEscaped(value) : value
}

/** All but the unreserved characters of RFC 3986 2.3 as `%XX`. */
function urlEscaped(text: string): string {
  return text.replace(/[^A-Za-z0-9._~-]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}
