/** What a command line of setpassword asks for. Pure. */
import { type Ids, isField, isName, parseIds } from '@moreqmail/passwd'
import { getopt } from '@moreqmail/unix/getopt'

export type Command =
  | {
      readonly does: 'set'
      readonly name: string
      readonly ids: Ids | undefined
      readonly home: string
      /** '': none is written. */
      readonly shell: string
    }
  | { readonly does: 'delete'; readonly name: string }
  | { readonly does: 'list' }

/** A command line that can't be carried out. */
export interface Misuse {
  /** What to say before the synopsis, '' for nothing; or, if `usage` is false, in place of it. */
  readonly text: string
  readonly usage: boolean
}

const USAGE: Misuse = { text: '', usage: true }

const bad = (what: string): Misuse => ({ text: `bad ${what}`, usage: false })

/** Takes a command line apart. */
export function parseCommand(words: readonly string[]): Command | Misuse {
  const line = getopt(words, 'dl')
  if ('fault' in line) return { text: `${line.fault} -- ${line.option}`, usage: true }
  const letters = new Set(line.options.map(({ letter }) => letter))
  const [name = '', uid = '', gid = '', home = '', shell = ''] = line.rest
  const count = line.rest.length
  if (letters.size > 1) return USAGE
  if (letters.has('l')) return count === 0 ? { does: 'list' } : USAGE
  if (count !== (letters.has('d') ? 1 : Math.min(5, Math.max(4, count)))) return USAGE
  if (!isName(name)) return bad('name')
  if (letters.has('d')) return { does: 'delete', name }
  const ids = uid === '-' && gid === '-' ? 'none' : uid === '' ? undefined : parseIds(uid, gid)
  if (ids === undefined) return bad('uid or gid')
  if (!isField(home)) return bad('home')
  if (!isField(shell)) return bad('shell')
  return { does: 'set', name, ids: ids === 'none' ? undefined : ids, home, shell }
}
