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

/** What a NUL does in a list: `splits` a line into entries, as in qmail's own lists, or `ends` a line, as LF does. */
export type Nul = 'splits' | 'ends'

/** The list in control/NAME; undefined when there is no such file. */
export function controlList(name: string, unreadable: Unreadable, nul?: Nul): List | undefined {
  return listFile(`control/${name}`, unreadable, nul)
}

/** The list in a file; undefined when there is no such file. */
export function listFile(path: string, unreadable: Unreadable, nul?: Nul): List | undefined {
  const text = readFile(path, unreadable)
  return text === undefined ? undefined : new List(text, nul)
}

/** The first line without the spaces, tabs and line feeds at its end. */
export function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return trimEnd(end < 0 ? text : text.slice(0, end))
}

/** The entries of a text in which a NUL splits lines. What begins with a NUL is as good as a comment. */
function splitEntries(text: string): readonly string[] {
  const entries: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line.startsWith('\0')) continue
    for (const entry of trimEnd(line).split('\0')) if (entry !== '') entries.push(entry)
  }
  return entries
}

/**
 * Where a later line begins that begins like this; -1 if none does. Forward, since engines search so by machine words,
 * but backward by characters.
 */
function lineWith(start: string, text: string, from: number): number {
  const lf = text.indexOf(`\n${start}`, from)
  return lf < 0 ? -1 : lf + 1
}

/** The rest of the last entry that begins with the folded text, or that is the folded text. */
function findIn(entries: readonly string[], start: string, whole: boolean): string | undefined {
  const of = (entry: string): boolean =>
    lower(entry.slice(0, start.length)) === start && (!whole || entry.length === start.length)
  return entries.findLast(of)?.slice(start.length)
}

/** A list file's entries, found without taking the whole file apart. */
export class List {
  readonly #text: string
  #folded: string | undefined
  /** What the text is split into, if it has to be. */
  readonly #split: readonly string[] | undefined

  constructor(text: string, nul: Nul = 'splits') {
    const has = text.includes('\0')
    this.#text = has ? text.replaceAll('\0', '\n') : text
    this.#split = has && nul === 'splits' ? splitEntries(text) : undefined
  }

  /** All entries in order: lines, trailing blanks cut, empty ones and comments left out. */
  entries(): readonly string[] {
    if (this.#split !== undefined) return this.#split
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
    if (this.#split !== undefined) return findIn(this.#split, start, whole)
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
