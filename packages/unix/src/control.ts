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
  const text = sys.text(path, MAX_CONTROL)
  return typeof text === 'string' ? text : text === -ENOENT ? undefined : unreadable(text)
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

/** A list's text without NULs: one within a line splits it, one at its beginning makes it a comment, as `#` does. */
function withoutNuls(text: string): string {
  if (!text.includes('\0')) return text
  const lines = text.split('\n').filter((line) => !line.startsWith('#') && !line.startsWith('\0'))
  return lines.join('\n').replaceAll('\0', '\n')
}

/**
 * Where a later line begins that begins like this; -1 if none does. Forward, since engines search so by machine words,
 * but backward by characters.
 */
function lineWith(start: string, text: string, from: number): number {
  const lf = text.indexOf(`\n${start}`, from)
  return lf < 0 ? -1 : lf + 1
}

/** A list file's entries, found without taking the whole file apart. */
export class List {
  readonly #text: string
  #folded: string | undefined

  constructor(text: string) {
    this.#text = withoutNuls(text)
  }

  /** All entries in order: lines, trailing blanks cut, empty ones and comments left out. */
  entries(): readonly string[] {
    const entries: string[] = []
    let start = 0
    while (start < this.#text.length) {
      const end = this.#endOf(start)
      const entry = trimEnd(this.#text.slice(start, end))
      if (entry !== '' && !entry.startsWith('#')) entries.push(entry)
      start = end + 1
    }
    return entries
  }

  /** True if the key is an entry, ASCII case ignored. */
  has(key: string): boolean {
    return key !== '' && this.#find(lower(key), true) !== undefined
  }

  /** What follows `key:` in the last entry that has this key, ASCII case of the key ignored; undefined without one. */
  value(key: string): string | undefined {
    return key.includes(':') ? undefined : this.#find(`${lower(key)}:`, false)
  }

  /** The rest of the last entry that begins with the folded text, or that is the folded text. */
  #find(start: string, whole: boolean): string | undefined {
    if (start.startsWith('#')) return undefined
    // Folding by the engine also folds some bytes above 127: candidates are compared again, byte by byte.
    this.#folded ??= this.#text.toLowerCase()
    const folded = this.#folded
    const line = start.toLowerCase()
    let found: string | undefined
    for (let at = folded.startsWith(line) ? 0 : lineWith(line, folded, 0); at > -1; at = lineWith(line, folded, at)) {
      if (lower(this.#text.slice(at, at + start.length)) !== start) continue
      const entry = trimEnd(this.#text.slice(at, this.#endOf(at)))
      if (entry.length === start.length || (entry.length > start.length && !whole)) found = entry.slice(start.length)
    }
    return found
  }

  #endOf(start: number): number {
    const lf = this.#text.indexOf('\n', start)
    return lf < 0 ? this.#text.length : lf
  }
}
