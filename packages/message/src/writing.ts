/** How addresses and notes are written into header fields: quoted where they must be, and folded. Pure. */
import type { LinesFromEnd } from './from-end.ts'

/** Lines of lists have so many bytes at most, unless one item is longer. */
const LINE = 78

/** Output comes in pieces of about so many bytes. */
const PIECE = 32768

/** RFC 2047 section 2: charset, B or Q, and text; in a phrase the text may have few bytes (section 5, rule 3). */
const ENCODED_WORD = /^=\?[!#-'*+\-/-9=A-Z^-~]+\?[BbQq]\?[!*+\-/-9=A-Z_a-z.]+\?=$/

/** 1 for the bytes for which a local part or a host needs quotes; bytes above 127 are UTF-8 (RFC 6532). */
const NEEDS_QUOTES = new Uint8Array(256).fill(1, 0, 33)
for (const c of '@<>[](),;:"\\\x7f') NEEDS_QUOTES[c.charCodeAt(0)] = 1

/** 1 for the bytes for which a note can't just stand in quotes. */
const NOT_QUIET = new Uint8Array(256)
for (const c of '\0\n\r"\\[]=') NOT_QUIET[c.charCodeAt(0)] = 1

const DOT = 46
const AT = 64

/** The item of a list for an address, or for a note that stands alone (address undefined). */
export function writeEntry(address: string | undefined, note: string): string {
  if (address === undefined) return `${writeNote(note)}: ;`
  if (note !== '') return writeNamed(note, address)
  return address === '' || address === '@' ? '<>' : writeAddress(address)
}

/** The item for an address with a name, even an empty one. */
export function writeNamed(name: string, address: string): string {
  return `${writeNote(name)} <${writeAddress(address)}>`
}

/** An address, quoted as it needs; its host begins behind the last `@`, and without a host there is no `@`. */
export function writeAddress(address: string): string {
  if (isPlain(address)) return address
  if (address === '' || address === '@') return ''
  const at = address.lastIndexOf('@')
  const local = quoted(at < 0 ? address : address.slice(0, at))
  const host = at < 0 ? '' : address.slice(at + 1)
  return host === '' ? local : `${local}@${writeHost(host)}`
}

function quoted(text: string): string {
  return needsQuotes(text) ? `"${masked(text)}"` : text
}

function writeHost(host: string): string {
  const literal = host.length >= 2 && host.startsWith('[') && host.endsWith(']')
  return literal ? `[${masked(host.slice(1, -1))}]` : quoted(host)
}

/** True for an address that has both parts and is written as it is: this is all that most need. */
function isPlain(address: string): boolean {
  let before = DOT
  let parts = 1
  for (let i = 0; i < address.length; i++) {
    const byte = address.charCodeAt(i)
    if (byte === AT) {
      if (before === DOT || ++parts > 2) return false
      before = DOT
    } else {
      if (NEEDS_QUOTES[byte] === 1 || (byte === DOT && before === DOT)) return false
      before = byte
    }
  }
  return parts === 2 && before !== DOT
}

function needsQuotes(text: string): boolean {
  let before = DOT
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i)
    if (NEEDS_QUOTES[byte] === 1 || (byte === DOT && before === DOT)) return true
    before = byte
  }
  return before === DOT
}

/** True if no byte needs a backslash and none can begin an encoded-word: all that most notes need. */
function isQuiet(note: string): boolean {
  for (let i = 0; i < note.length; i++) if (NOT_QUIET[note.charCodeAt(i)] === 1) return false
  return true
}

/** A backslash before what would mean something between quotes or brackets. A line feed stands for a NUL. */
function masked(text: string): string {
  return text.replace(/[\0\r"\\[\]]/g, '\\$&').replaceAll('\n', '\\\0')
}

/** A note in quotes; but encoded-words, which mean nothing there, stand between quoted strings. */
function writeNote(note: string): string {
  if (isQuiet(note)) return `"${note}"`
  const words = note.split(' ').filter((word) => word !== '')
  const encoded = words.map((word) => ENCODED_WORD.test(word))
  if (!encoded.includes(true)) return `"${masked(note)}"`
  const out: string[] = []
  let plain: string[] = []
  const settle = (): void => {
    if (plain.length > 0) out.push(`"${masked(plain.join(' '))}"`)
    plain = []
  }
  for (const [i, word] of words.entries()) {
    if (encoded[i] === true) {
      settle()
      out.push(word)
    } else plain.push(word)
  }
  settle()
  return out.join(' ')
}

/** Puts out a field made of the items of a list that is not empty: folded between items, never in one. */
export function foldField(name: string, items: LinesFromEnd, out: (text: string) => void): void {
  let text = `${name}:`
  let length = text.length
  let separator = ' '
  let left = items.count
  for (const block of items.blocks()) {
    for (const item of block) {
      left--
      const comma = left > 0 ? 1 : 0
      if (separator === ' ' || length + 2 + item.length + comma <= LINE) {
        length += separator.length + item.length
      } else {
        separator = ',\n  '
        length = 2 + item.length
      }
      text = `${text}${separator}${item}`
      separator = ', '
      if (text.length < PIECE) continue
      out(text)
      text = ''
    }
  }
  out(`${text}\n`)
}
