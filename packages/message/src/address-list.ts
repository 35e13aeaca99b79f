/** Which addresses a header field holds, and what is noted beside each: the lenient grammar of mess822. Pure. */
import { FromEnd } from './from-end.ts'
import {
  AT,
  ATOM,
  COLON,
  COMMA,
  COMMENT,
  DOT,
  GREATER,
  isWord,
  LESS,
  SEMICOLON,
  SPACE,
  startOfToken,
  TAB,
  tokenize,
  tokenText,
} from './tokens.ts'

/**
 * Takes an entry of a list. The address has no quotes and backslashes; its host, which may be empty, is behind an `@`.
 * Undefined: a note stands alone. The note is '' if there is none.
 */
export type TakeEntry = (address: string | undefined, note: string) => void

/** Where in a list: between brackets is an `angle` address, left of it a `route`; a `phrase` is left of both. */
type Place = 'list' | 'phrase' | 'angle' | 'route'

/**
 * Finds the entries of a field's text, its line ends taken out, and has them taken from the last to the first: read in
 * this direction, a word tells an address from a phrase as soon as it is seen.
 */
export function parseAddresses(text: string, take: TakeEntry): void {
  const marks = tokenize(text)
  const address = new FromEnd(text)
  const note = new FromEnd(text)
  let found: 'nothing' | 'local' | 'whole' = 'nothing'
  let wordBelongs = true
  let place: Place = 'list'

  const emit = (): void => {
    if (found === 'nothing') return
    const local = address.take()
    take(found === 'local' ? `${local}@` : local, squeeze(note.take()))
    found = 'nothing'
  }
  const emitNote = (): void => {
    const alone = squeeze(note.take())
    if (alone !== '') take(undefined, alone)
  }
  const put = (into: FromEnd, from: number, to: number): void => {
    const mark = marks[from] ?? ATOM
    if (mark === ATOM || mark > COMMENT) into.range(from, to)
    else into.text(tokenText(text, marks, from, to))
  }
  const toNote = (from: number, to: number): void => {
    const mark = marks[from] ?? ATOM
    if (mark === SPACE) note.space()
    else if (mark <= TAB) put(note, from, to)
  }
  const toAddress = (from: number, to: number, whole: boolean): void => {
    const mark = marks[from] ?? ATOM
    if (!isWord(mark) && mark !== DOT && mark !== AT) {
      toNote(from, to)
      return
    }
    if (whole) found = 'whole'
    else if (found === 'nothing') found = 'local'
    put(address, from, to)
  }

  for (let to = text.length, from = 0; to > 0; to = from) {
    from = startOfToken(marks, to)
    const mark = marks[from] ?? ATOM
    let whole = mark === AT
    // Atoms, dots and at signs that touch are taken as one, as nearly all of an ordinary address is.
    if (isPart(mark)) {
      for (let next = from; next > 0; ) {
        next = startOfToken(marks, next)
        if (!isPart(marks[next])) break
        if (marks[next] === AT) whole = true
        from = next
      }
    }
    if (place === 'angle' || place === 'route') {
      if (place === 'angle') toAddress(from, to, whole)
      else toNote(from, to)
      if (mark === LESS) place = 'phrase'
      else if (mark === COLON) place = 'route'
      continue
    }
    if (place === 'phrase') {
      if (mark < COMMA || mark === LESS) {
        toNote(from, to)
        continue
      }
      emit()
      place = 'list'
      wordBelongs = true
    }
    switch (mark) {
      case SPACE:
      case TAB:
        note.space()
        break
      case COMMA:
      case SEMICOLON:
        emit()
        emitNote()
        wordBelongs = true
        break
      case GREATER:
        emit()
        found = 'local'
        place = 'angle'
        break
      case COLON:
        place = 'phrase'
        break
      case COMMENT:
        note.space()
        put(note, from, to)
        note.space()
        break
      case LESS: // a stray one
        wordBelongs = true
        break
      default:
        if (isWord(mark) && !wordBelongs) emit() // a comma is missing
        toAddress(from, to, whole)
        wordBelongs = !isWord(marks[from])
    }
  }
  emit()
  emitNote()
}

/** True for what addresses without quotes are made of. */
function isPart(mark: number | undefined): boolean {
  return mark === ATOM || mark === DOT || mark === AT
}

/** Runs of spaces as one, none at the ends. */
function squeeze(text: string): string {
  if (text === '') return text
  const single = text.includes('  ') ? text.replace(/ {2,}/g, ' ') : text
  const from = single.startsWith(' ') ? 1 : 0
  return single.slice(from, single.length > from && single.endsWith(' ') ? -1 : single.length)
}
