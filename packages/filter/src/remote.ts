/** What becomes of a message that has passed its filters on the way out. */
import { execPath, home, sys } from '@moreqmail/unix'

/** Becomes qmail-remote with these words, or the program that is named in its place. Returns if it can't be run. */
export function execRemote(other: string | undefined, words: readonly string[]): void {
  // Of this executable the name says which program it is.
  const name = other !== undefined && sys.isself(other) === 1 ? other : 'qmail-remote'
  execPath(other ?? `${home()}/bin/qmail-remote`, [name, ...words])
}
