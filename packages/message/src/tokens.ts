/** Where the tokens of a structured header field (RFC 822 section 3.3) are; every text has some reading. Pure. */

/** For each byte of a text what begins there, or INSIDE, or CLOSE for the byte that ends a quotation. */
export type Marks = Uint8Array

const INSIDE = 0
const CLOSE = 1
/** A word without quotes and backslashes. */
export const ATOM = 2
/** A word without quotes but with backslashes. */
const ESCAPED = 3
const QUOTED = 4
const LITERAL = 5
export const COMMENT = 6
/** The others are tokens of one byte. */
export const DOT = 7
export const AT = 8
export const SPACE = 9
export const TAB = 10
export const COMMA = 11
export const SEMICOLON = 12
export const COLON = 13
export const LESS = 14
export const GREATER = 15

/** What a token is that begins with this byte. */
const KINDS = new Uint8Array(256).fill(ATOM)
for (const [byte, mark] of [
  ['"', QUOTED],
  ['[', LITERAL],
  ['(', COMMENT],
  ['.', DOT],
  ['@', AT],
  [' ', SPACE],
  ['\t', TAB],
  [',', COMMA],
  [';', SEMICOLON],
  [':', COLON],
  ['<', LESS],
  ['>', GREATER],
] as const)
  KINDS[byte.charCodeAt(0)] = mark

const QUOTE = 34
const OPEN_COMMENT = 40
const CLOSE_COMMENT = 41
const BACKSLASH = 92
const CLOSE_LITERAL = 93
const NONE = -1

/** True if the mark is that of a word: atom, quoted string or domain literal. */
export function isWord(mark: number | undefined): boolean {
  return mark !== undefined && mark >= ATOM && mark <= LITERAL
}

/** Marks the tokens of a byte string. What is quoted and not closed runs to the end. */
export function tokenize(text: string): Marks {
  const marks = new Uint8Array(text.length)
  let at = 0
  while (at < text.length) {
    const kind = KINDS[text.charCodeAt(at)] ?? ATOM
    if (kind === ATOM) at = markAtom(text, marks, at)
    else if (kind === QUOTED) at = markEnclosed(text, marks, at, QUOTED, NONE, QUOTE)
    else if (kind === LITERAL) at = markEnclosed(text, marks, at, LITERAL, NONE, CLOSE_LITERAL)
    else if (kind === COMMENT) at = markEnclosed(text, marks, at, COMMENT, OPEN_COMMENT, CLOSE_COMMENT)
    else marks[at++] = kind
  }
  return marks
}

/** Marks the atom that begins there; where it ends. */
function markAtom(text: string, marks: Marks, start: number): number {
  let mark = ATOM
  let at = start
  while (at < text.length) {
    const byte = text.charCodeAt(at)
    if (byte === BACKSLASH) {
      mark = ESCAPED
      at++
    } else if (KINDS[byte] !== ATOM) break
    at++
  }
  marks[start] = mark
  return Math.min(at, text.length)
}

/** Marks what begins there and runs to the closing byte, which has to come once more for each `open`; where it ends. */
function markEnclosed(text: string, marks: Marks, start: number, mark: number, open: number, close: number): number {
  marks[start] = mark
  let level = 1
  for (let at = start + 1; at < text.length; at++) {
    const byte = text.charCodeAt(at)
    if (byte === BACKSLASH) at++
    else if (byte === open) level++
    else if (byte === close && --level === 0) {
      marks[at] = CLOSE
      return at + 1
    }
  }
  return text.length
}

/** Where the token ends that begins there. */
export function endOfToken(marks: Marks, from: number): number {
  let to = from + 1
  while (to < marks.length && (marks[to] ?? INSIDE) <= CLOSE) to++
  return to
}

/** Where the token begins that ends there; not for 0. */
export function startOfToken(marks: Marks, to: number): number {
  let from = to - 1
  while ((marks[from] ?? ATOM) <= CLOSE) from--
  return from
}

/** What a token stands for: without quotes, backslashes and the parentheses of a comment; a literal with its brackets. */
export function tokenText(text: string, marks: Marks, from: number, to: number): string {
  const mark = marks[from] ?? ATOM
  if (mark === ATOM || mark > COMMENT) return text.slice(from, to)
  if (mark === ESCAPED) return literal(text.slice(from, to))
  const inner = literal(text.slice(from + 1, marks[to - 1] === CLOSE ? to - 1 : to))
  return mark === LITERAL ? `[${inner}]` : inner
}

/** A backslash goes and makes what follows an ordinary byte; one at the end stays. */
function literal(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, '$1') : text
}
