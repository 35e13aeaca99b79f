/** Which point in time a Date field means (RFC 822 section 5, RFC 5322 section 4.3, and what else is seen). Pure. */
import { type CalendarTime, monthNumber } from './date.ts'
import { COLON, COMMA, endOfToken, isWord, type Marks, SEMICOLON, tokenize, tokenText } from './tokens.ts'

/** Zones by name, in minutes ahead of UTC. */
const ZONES: ReadonlyMap<string, number> = new Map([
  ['ut', 0],
  ['gmt', 0],
  ['bst', 60],
  ['cdt', -300],
  ['cet', 60],
  ['cst', -360],
  ['edt', -240],
  ['eet', 120],
  ['est', -300],
  ['hkt', 480],
  ['ist', 120],
  ['jst', 540],
  ['mdt', -360],
  ['met', 60],
  ['metdst', 120],
  ['mst', -420],
  ['pdt', -420],
  ['pst', -480],
])

const FARTHEST = 99 * 60 + 59

/** What the words of a date are, in their order; a colon has to come before the minute, and may before the second. */
type Expected = 'day' | 'month' | 'year' | 'hour' | 'colon' | 'minute' | 'second or zone' | 'second' | 'zone' | 'end'

/** The time in the text of a Date field; undefined if there is none, or none that a clock and a calendar can show. */
export function parseDate(text: string): CalendarTime | undefined {
  const marks = tokenize(text)
  const time = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, offset: undefined as number | undefined }
  let expected: Expected = 'day'
  for (let from = startOfDate(marks), to = 0; from < text.length; from = to) {
    to = endOfToken(marks, from)
    if (marks[from] === COLON) {
      if (expected === 'colon') expected = 'minute'
      else if (expected === 'second or zone') expected = 'second'
    }
    if (!isWord(marks[from])) continue
    const word = tokenText(text, marks, from, to)
    switch (expected) {
      case 'day':
        time.day = number(word, 1, 31)
        expected = 'month'
        break
      case 'month':
        time.month = monthNumber(word) || Number.NaN
        expected = 'year'
        break
      case 'year':
        time.year = completeYear(number(word, Number.NEGATIVE_INFINITY, 999_999_999))
        expected = 'hour'
        break
      case 'hour':
        time.hour = number(word, 0, 23)
        expected = 'colon'
        break
      case 'colon':
        return undefined
      case 'minute':
        time.minute = number(word, 0, 59)
        expected = 'second or zone'
        break
      case 'second':
        time.second = number(word, 0, 60)
        expected = 'zone'
        break
      case 'second or zone':
      case 'zone':
        time.offset = zoneOffset(word)
        expected = 'end'
        break
      case 'end':
        if (time.offset !== undefined && word.toLowerCase() === 'dst') time.offset += 60
    }
  }
  const { year, month, day, hour, minute, second, offset } = time
  const wrong = Number.isNaN(year + month + day + hour + minute + second + (offset ?? 0))
  return expected !== 'end' || wrong || Math.abs(offset ?? 0) > FARTHEST ? undefined : time
}

/** Behind the last comma or semicolon: what is before it is the name of a day. */
function startOfDate(marks: Marks): number {
  return Math.max(marks.lastIndexOf(COMMA), marks.lastIndexOf(SEMICOLON)) + 1
}

/** The number that the digits make, 0 without any; NaN if there is anything else, or the number is beyond the limits. */
function number(word: string, least: number, most: number): number {
  if (!/^[+-]?[0-9]*$/.test(word)) return Number.NaN
  const n = /[0-9]/.test(word) ? Number(word) : 0
  return n >= least && n <= most ? n : Number.NaN
}

/** Two digits up to 49 mean 2000 and on; others up to 998, as of clocks that count from 1900, mean 1900 and on. */
function completeYear(year: number): number {
  const modern = year < 50 ? year + 2000 : year
  const full = modern < 999 ? modern + 1900 : modern
  return full >= 0 ? full : Number.NaN
}

/** Minutes ahead of UTC, undefined for an unknown zone, NaN if the word is none. */
function zoneOffset(word: string): number | undefined {
  if (word === '-0000') return undefined
  const named = ZONES.get(word.toLowerCase())
  if (named !== undefined) return named
  const n = number(word, -9959, 9959)
  const hours = Math.floor(Math.abs(n) / 100)
  const minutes = Math.abs(n) % 100
  return minutes > 59 ? Number.NaN : Math.sign(n) * (60 * hours + minutes)
}
