/** Which bytes a bracket expression stands for. Pure. */
import { addClass, addRange, type ByteSet, ignoreCase, invert, SET_SIZE } from './bytes.ts'

const OPEN = 0x5b
const CLOSE = 0x5d
const CARET = 0x5e
const HYPHEN = 0x2d

/** The bytes, and where the pattern goes on. */
export interface Bracket {
  readonly set: ByteSet
  readonly end: number
}

/** A single byte, by itself or as `[.x.]`. */
interface Single {
  readonly byte: number
  readonly end: number
}

/**
 * The bracket expression whose `[` is just before `start`; undefined if it is none (XBD 9.3.5, in the C locale). `]` is
 * literal at the beginning, `-` at the beginning, at the end and as the end of a range.
 */
export function parseBracket(pattern: string, start: number): Bracket | undefined {
  const set = new Uint32Array(SET_SIZE)
  const inverted = pattern.charCodeAt(start) === CARET
  const first = inverted ? start + 1 : start
  let at = first
  do {
    const end = readClass(pattern, at, set) ?? readRange(pattern, at, set, at === first)
    if (end === undefined) return undefined
    at = end
  } while (pattern.charCodeAt(at) !== CLOSE)
  ignoreCase(set)
  if (inverted) invert(set)
  return { set, end: at + 1 }
}

/** Puts a class `[:name:]` or `[=x=]` into the set; where reading goes on, undefined if none stands here. */
function readClass(pattern: string, at: number, set: ByteSet): number | undefined {
  const name = bracketed(pattern, at, ':')
  if (name !== undefined) return addClass(set, name) ? at + name.length + 4 : undefined
  const equivalents = bracketed(pattern, at, '=')
  if (equivalents?.length !== 1) return undefined
  addRange(set, equivalents.charCodeAt(0), equivalents.charCodeAt(0))
  return at + 5
}

/** Puts a byte or a range into the set; where reading goes on, undefined if that is bad. */
function readRange(pattern: string, at: number, set: ByteSet, isFirst: boolean): number | undefined {
  const first = readSingle(pattern, at)
  if (first === undefined) return undefined
  const { byte, end } = first
  const isRange = pattern.charCodeAt(end) === HYPHEN && pattern.charCodeAt(end + 1) !== CLOSE
  if (pattern.charCodeAt(at) === HYPHEN && !isFirst && pattern.charCodeAt(end) !== CLOSE) return undefined
  const last = isRange ? readSingle(pattern, end + 1) : first
  if (last === undefined || last.byte < byte) return undefined
  addRange(set, byte, last.byte)
  return last.end
}

/** The byte that stands here; undefined at the end, and for `[:`, `[=` and what is no `[.x.]`. */
function readSingle(pattern: string, at: number): Single | undefined {
  const byte = pattern.charCodeAt(at)
  if (byte !== OPEN || !isBracketed(pattern, at)) return byte >= 0 ? { byte, end: at + 1 } : undefined
  // In the C locale every collating element is one byte.
  const symbol = bracketed(pattern, at, '.')
  return symbol?.length === 1 ? { byte: symbol.charCodeAt(0), end: at + 5 } : undefined
}

function isBracketed(pattern: string, at: number): boolean {
  const sign = pattern.charAt(at + 1)
  return sign === '.' || sign === '=' || sign === ':'
}

/** What is between `[` and the sign, and the sign and `]`; undefined if that is not what stands here. */
function bracketed(pattern: string, at: number, sign: string): string | undefined {
  if (pattern.charCodeAt(at) !== OPEN || pattern.charAt(at + 1) !== sign) return undefined
  const end = pattern.indexOf(`${sign}]`, at + 2)
  return end < 0 ? undefined : pattern.slice(at + 2, end)
}
