/** Decides what a regular expression of a case matches: Python's syntax on bytes, turned into JavaScript's. */

const END = '(?![\\s\\S])'
const START = '(?<![\\s\\S])'
/** Blanks of the C locale; JavaScript's own class also has byte 160. */
const BLANK = ' \\t-\\r'
const NO_BLANK = '\\0-\\x08\\x0e-\\x1f!-\\xff'

/** Escapes that mean the same in both languages. */
const SAME = 'dDwWbBfnrtvx0123456789'

interface Flags {
  readonly dotAll: boolean
  readonly lines: boolean
}

/** Searches anywhere; `.` matches a line feed too. */
export function search(pattern: string, text: string): boolean {
  return compile(pattern, true, (source) => source).test(text)
}

/** The whole text must match; `.` matches no line feed. */
export function matchesWhole(pattern: string, text: string): boolean {
  return compile(pattern, false, (source) => `${START}(?:${source})${END}`).test(text)
}

/** Throws for what has no translation, so that no case matches by mistake. */
function compile(pattern: string, dotAll: boolean, frame: (source: string) => string): RegExp {
  const [global, letters = ''] = /^\(\?([ims]+)\)/.exec(pattern) ?? ['']
  const flags = { dotAll: dotAll || letters.includes('s'), lines: letters.includes('m') }
  const source = translate(pattern.slice(global.length), flags)
  return new RegExp(frame(source), letters.includes('i') ? 'i' : '')
}

function translate(pattern: string, flags: Flags): string {
  let out = ''
  let at = 0
  while (at < pattern.length) {
    const [piece, length] = pieceAt(pattern, at, flags)
    out += piece
    at += length
  }
  return out
}

/** What the next part of the pattern becomes, and how long it is. */
function pieceAt(pattern: string, at: number, flags: Flags): readonly [string, number] {
  switch (pattern.charAt(at)) {
    case '\\':
      return [escaped(pattern.charAt(at + 1)), 2]
    case '[':
      return classAt(pattern, at)
    case '(':
      return groupAt(pattern, at)
    case '{':
      return braceAt(pattern, at)
    case '.':
      return [flags.dotAll ? '[\\s\\S]' : '[^\\n]', 1]
    case '^':
      return [flags.lines ? '(?<![^\\n])' : START, 1]
    case '$':
      return [flags.lines ? '(?![^\\n])' : `(?=\\n?${END})`, 1]
    default:
      return [pattern.charAt(at), 1]
  }
}

function escaped(letter: string): string {
  if (letter === 'A') return START
  if (letter === 'Z') return END
  if (letter === 's') return `[${BLANK}]`
  if (letter === 'S') return `[^${BLANK}]`
  return literal(letter)
}

function literal(letter: string): string {
  if (letter === 'a') return '\\x07'
  if (letter !== '' && SAME.includes(letter)) return `\\${letter}`
  if (letter === '' || /[A-Za-z]/.test(letter)) throw new Error(`no translation of \\${letter}`)
  return /[\^$\\.*+?()[\]{}|/-]/.test(letter) ? `\\${letter}` : letter
}

/** A set of characters: a closing bracket in its first place is one of them. */
function classAt(pattern: string, start: number): readonly [string, number] {
  let at = start + 1
  let out = '['
  if (pattern.charAt(at) === '^') {
    out += '^'
    at++
  }
  for (let first = true; first || pattern.charAt(at) !== ']'; first = false) {
    const letter = pattern.charAt(at)
    if (letter === '') throw new Error(`unended set in ${pattern}`)
    if (letter === '\\') out += inClass(pattern.charAt(at + 1))
    else out += letter === ']' || letter === '[' ? `\\${letter}` : letter
    at += letter === '\\' ? 2 : 1
  }
  return [`${out}]`, at + 1 - start]
}

function inClass(letter: string): string {
  if (letter === 's') return BLANK
  if (letter === 'S') return NO_BLANK
  return literal(letter)
}

function groupAt(pattern: string, at: number): readonly [string, number] {
  const rest = pattern.slice(at)
  const same = /^\((?:\?(?:[:=!]|<[=!])|(?!\?))/.exec(rest)
  if (same) return [same[0], same[0].length]
  const named = /^\(\?P<(\w+)>/.exec(rest)
  if (named) return [`(?<${named[1]}>`, named[0].length]
  const back = /^\(\?P=(\w+)\)/.exec(rest)
  if (back) return [`\\k<${back[1]}>`, back[0].length]
  throw new Error(`no translation of ${rest.slice(0, 8)}`)
}

/** A count of repetitions, else a literal brace. */
function braceAt(pattern: string, at: number): readonly [string, number] {
  const count = /^\{(\d*)(,?)(\d*)\}/.exec(pattern.slice(at))
  if (!count || count[0] === '{}') return ['\\{', 1]
  const [all, least, comma, most] = count
  return [`{${least || '0'}${comma}${most}}`, all.length]
}
