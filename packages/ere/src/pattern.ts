/** What a POSIX extended regular expression means, with GNU's escapes, ignoring case. Pure. */
import { wholeNumber } from '@moreqmail/unix/bytes'
import {
  ANY,
  type Automaton,
  Builder,
  BYTE,
  END,
  JUMP,
  MAX_INSTRUCTIONS,
  NO_WORD_EDGE,
  START,
  WORD_EDGE,
  WORD_END,
  WORD_START,
} from './automaton.ts'
import { parseBracket } from './bracket.ts'
import { addClass, addRange, fold, ignoreCase, invert, SET_SIZE } from './bytes.ts'

/** RE_DUP_MAX of POSIX, as large as glibc has it. */
const MAX_COUNT = 32767

const UNDERSCORE = 0x5f

/** GNU's escapes for places in the value. */
const PLACES: ReadonlyMap<string, number> = new Map([
  ['`', START],
  ["'", END],
  ['b', WORD_EDGE],
  ['B', NO_WORD_EDGE],
  ['<', WORD_START],
  ['>', WORD_END],
])

/** The characters that may mean more than themselves. */
const SPECIAL = '*+?{[\\()|^$.'

/** A group that is being read, or the whole pattern: where it and its last alternative begin, and how the others end. */
interface Group {
  readonly start: number
  alternative: number
  jumps: number[] | undefined
}

/** A pattern that is being read. */
interface Reading {
  readonly pattern: string
  readonly builder: Builder
  /** The groups around this one. */
  readonly outer: Group[]
  group: Group
  at: number
  /** Where that begins which a count would apply to; undefined if a count can't stand here. */
  piece: number | undefined
}

/**
 * The automaton of a pattern; undefined if the pattern is bad (XBD 9.4; where POSIX leaves it open, as glibc does). A
 * back reference is bad, and so is what would need more than a million instructions, or groups in groups.
 */
export function parsePattern(pattern: string): Automaton | undefined {
  const builder = new Builder()
  const whole: Group = { start: 0, alternative: 0, jumps: undefined }
  const reading: Reading = { pattern, builder, outer: [], group: whole, at: 0, piece: undefined }
  while (reading.at < pattern.length) if (!readNext(reading) || builder.full) return undefined
  if (reading.outer.length > 0) return undefined
  endGroup(reading)
  return builder.full ? undefined : builder.automaton()
}

/** Reads one element; false if the pattern is bad. */
function readNext(reading: Reading): boolean {
  const { builder, group, outer } = reading
  const char = reading.pattern.charAt(reading.at)
  switch (char) {
    case '*':
    case '+':
    case '?':
      return readRepetition(reading)
    case '{':
      return readCount(reading)
    case '[':
      return readBracket(reading)
    case '\\':
      return readEscape(reading)
    case '(':
      if (outer.push(group) > MAX_INSTRUCTIONS) return false
      reading.group = { start: builder.length, alternative: builder.length, jumps: undefined }
      reading.piece = undefined
      break
    case ')':
      if (outer.length === 0) return readBytes(reading)
      endGroup(reading)
      reading.piece = group.start
      reading.group = outer.pop() ?? group
      break
    case '|':
      builder.optional(group.alternative, 1)
      group.jumps ??= []
      group.jumps.push(builder.length)
      builder.add(JUMP)
      group.alternative = builder.length
      reading.piece = undefined
      break
    case '^':
    case '$':
      addPlace(reading, char === '^' ? START : END)
      break
    case '.':
      reading.piece = builder.length
      builder.add(ANY)
      break
    default:
      return readBytes(reading)
  }
  reading.at++
  return true
}

function endGroup({ builder, group }: Reading): void {
  for (const jump of group.jumps ?? []) builder.jumpToEnd(jump)
}

/** As in glibc, nothing that matches a place can be repeated. */
function addPlace(reading: Reading, place: number): void {
  reading.builder.add(place)
  reading.piece = undefined
}

/** A byte for itself, and all that follow it up to one that may be more. */
function readBytes(reading: Reading): boolean {
  const { pattern, builder } = reading
  do {
    reading.piece = builder.length
    builder.add(BYTE, fold(pattern.charCodeAt(reading.at++)))
  } while (reading.at < pattern.length && !SPECIAL.includes(pattern.charAt(reading.at)))
  return true
}

/** Any number of `*`, `+` and `?`, which together are one of them. */
function readRepetition(reading: Reading): boolean {
  if (reading.piece === undefined) return false
  let least = 1
  let most = 1
  for (; ; reading.at++) {
    const char = reading.pattern.charAt(reading.at)
    if (char !== '*' && char !== '+' && char !== '?') break
    if (char !== '+') least = 0
    if (char !== '?') most = Number.POSITIVE_INFINITY
  }
  reading.builder.counted(reading.piece, least, most)
  return true
}

/** `{n}`, `{n,}`, `{,m}` or `{n,m}`. */
function readCount(reading: Reading): boolean {
  const close = reading.pattern.indexOf('}', reading.at)
  if (reading.piece === undefined || close < 0) return false
  const [first = '', second = first, ...more] = reading.pattern.slice(reading.at + 1, close).split(',')
  const single = close - reading.at - 1 === first.length
  const least = first === '' && !single ? 0 : wholeNumber(first, MAX_COUNT)
  const most = second === '' && !single ? Number.POSITIVE_INFINITY : wholeNumber(second, MAX_COUNT)
  if (least === undefined || most === undefined || least > most || more.length > 0) return false
  reading.builder.counted(reading.piece, least, most)
  reading.at = close + 1
  return true
}

function readBracket(reading: Reading): boolean {
  const bracket = parseBracket(reading.pattern, reading.at + 1)
  if (bracket === undefined) return false
  reading.piece = reading.builder.length
  reading.builder.addSet(bracket.set)
  reading.at = bracket.end
  return true
}

function readEscape(reading: Reading): boolean {
  const char = reading.pattern.charAt(++reading.at)
  if (char === '' || (char >= '1' && char <= '9')) return false
  const place = PLACES.get(char)
  if (place !== undefined) addPlace(reading, place)
  else if (!'wWsS'.includes(char)) return readBytes(reading)
  else addKind(reading, char)
  reading.at++
  return true
}

/** GNU's escapes for bytes of words, blanks and line ends, and in upper case for all others. */
function addKind(reading: Reading, kind: string): void {
  const set = new Uint32Array(SET_SIZE)
  addClass(set, kind === 'w' || kind === 'W' ? 'alnum' : 'space')
  if (kind === 'w' || kind === 'W') addRange(set, UNDERSCORE, UNDERSCORE)
  ignoreCase(set)
  if (kind === 'W' || kind === 'S') invert(set)
  reading.piece = reading.builder.length
  reading.builder.addSet(set)
}
