/** The qmail home and its control files, by qmail's rules (control(5)). */
import { leadingNumber, lower, trimEnd } from './bytes.ts'
import { ENOENT, type Errno } from './errno.ts'
import { env } from './image.ts'
import { sys } from './shim.ts'

/** The compiled-in home, from conf-home. */
declare const MOREQMAIL_HOME: string

/** More than this is no control file; it bounds memory. */
const MAX_CONTROL = 256 * 1024 * 1024

/** Called with the errno when a file exists but can't be read. */
export type Unreadable = (errno: Errno) => never

/** The qmail home: QMAILHOME, else the compiled-in one. */
export function home(): string {
  return env('QMAILHOME') ?? MOREQMAIL_HOME
}

/** Makes the qmail home the working directory: 0 or a negative errno. */
export function chdirHome(): Errno {
  return sys.chdir(home())
}

/** A file's bytes as a byte string; undefined when there is no such file. */
export function readFile(path: string, unreadable: Unreadable): string | undefined {
  const bytes = sys.slurp(path, MAX_CONTROL)
  if (typeof bytes !== 'number') return sys.latin1(bytes, 0, bytes.length)
  return bytes === -ENOENT ? undefined : unreadable(bytes)
}

/** The first line of control/NAME without trailing blanks, '' if it is empty; undefined when there is no such file. */
export function controlLine(name: string, unreadable: Unreadable): string | undefined {
  const text = readFile(`control/${name}`, unreadable)
  return text === undefined ? undefined : firstLine(text)
}

/** The leading digits of control/NAME's first line; the default without any, or without the file. */
export function controlNumber(name: string, otherwise: number, unreadable: Unreadable): number {
  return leadingNumber(controlLine(name, unreadable) ?? '') ?? otherwise
}

/** The list in control/NAME; undefined when there is no such file. */
export function controlList(name: string, unreadable: Unreadable): List | undefined {
  return listFile(`control/${name}`, unreadable)
}

/** The list in a file; undefined when there is no such file. */
export function listFile(path: string, unreadable: Unreadable): List | undefined {
  const text = readFile(path, unreadable)
  return text === undefined ? undefined : new List(text)
}

/** The first line without the spaces, tabs and line feeds at its end. */
export function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return trimEnd(end < 0 ? text : text.slice(0, end))
}

/** A list file's entries, found without taking the whole file apart. */
export class List {
  readonly #text: string
  #folded: string | undefined

  constructor(text: string) {
    this.#text = text
  }

  /** All entries in order: lines (NUL ends one too), trailing blanks cut, empty ones and comments left out. */
  *entries(): Generator<string> {
    let start = 0
    while (start < this.#text.length) {
      const end = this.#endOf(start)
      const entry = trimEnd(this.#text.slice(start, end))
      if (entry !== '' && !entry.startsWith('#')) yield entry
      start = end + 1
    }
  }

  /** True if the key is an entry, ASCII case ignored. */
  has(key: string): boolean {
    return key !== '' && this.#find(lower(key), (after) => after === '') !== undefined
  }

  /** What follows `key:` in the last entry that has this key, ASCII case of the key ignored; undefined without one. */
  value(key: string): string | undefined {
    return key.includes(':') ? undefined : this.#find(`${lower(key)}:`, () => true)
  }

  /** The rest of the last entry that begins with the folded text and whose rest is acceptable. */
  #find(start: string, acceptable: (rest: string) => boolean): string | undefined {
    if (start.startsWith('#')) return undefined
    // Folding by the engine also folds some bytes above 127: candidates are compared again, byte by byte.
    this.#folded ??= this.#text.replaceAll('\0', '\n').toLowerCase()
    const folded = this.#folded
    const wanted = start.toLowerCase()
    let found: string | undefined
    const next = (from: number) => folded.indexOf(`\n${wanted}`, from) + 1 || -1
    // Forward, since engines search so by machine words, but backward by characters.
    for (let at = folded.startsWith(wanted) ? 0 : next(0); at >= 0; at = next(at)) {
      if (lower(this.#text.slice(at, at + start.length)) !== start) continue
      const entry = trimEnd(this.#text.slice(at, this.#endOf(at)))
      const rest = entry.slice(start.length)
      if (entry.length >= start.length && acceptable(rest)) found = rest
    }
    return found
  }

  #endOf(start: number): number {
    const lf = this.#text.indexOf('\n', start)
    const end = lf < 0 ? this.#text.length : lf
    const nul = this.#text.slice(start, end).indexOf('\0')
    return nul < 0 ? end : start + nul
  }
}
