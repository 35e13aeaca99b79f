/** Options of a command line by the rules of getopt. Pure. */
import { entryOf } from './table.ts'

/** One option as given: its letter, and its argument, '' if it takes none. */
export interface Option {
  readonly letter: string
  readonly value: string
}

/** The options in order, and the words after them. */
export interface CommandLine {
  readonly options: readonly Option[]
  readonly rest: readonly string[]
}

/** What is wrong with a command line, and with which option. */
export interface Misuse {
  readonly fault: 'illegal option' | 'option requires an argument'
  readonly option: string
}

/**
 * Takes the options off the words. `letters` has each option's letter, with a colon after those that take an argument
 * (joined, or the next word); letters may be joined. `--` ends the options, and so does the first word that is none.
 * `long` has the letters of `--name` and `--name=argument`.
 */
export function getopt(
  words: readonly string[],
  letters: string,
  long: Readonly<Record<string, string>> = {},
): CommandLine | Misuse {
  const options: Option[] = []
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--') {
      at++
      break
    }
    if (!word.startsWith('-') || word === '-') break
    if (word.startsWith('--')) {
      const option = longOption(word.slice(2), letters, long)
      if ('fault' in option) return option
      options.push(option)
      continue
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word.charAt(i)
      const kind = kindOf(letter, letters)
      if (kind === undefined) return { fault: 'illegal option', option: letter }
      if (kind === 'flag') {
        options.push({ letter, value: '' })
        continue
      }
      const value = i + 1 < word.length ? word.slice(i + 1) : words[++at]
      if (value === undefined) return { fault: 'option requires an argument', option: letter }
      options.push({ letter, value })
      break
    }
  }
  return { options, rest: words.slice(at) }
}

function kindOf(letter: string, letters: string): 'flag' | 'argument' | undefined {
  const at = letter === ':' ? -1 : letters.indexOf(letter)
  if (at < 0) return undefined
  return letters.charAt(at + 1) === ':' ? 'argument' : 'flag'
}

function longOption(text: string, letters: string, long: Readonly<Record<string, string>>): Option | Misuse {
  const equals = text.indexOf('=')
  const name = equals < 0 ? text : text.slice(0, equals)
  const letter = entryOf(long, name)
  if (letter === undefined) return { fault: 'illegal option', option: name === '' ? '-' : name }
  const takes = kindOf(letter, letters) === 'argument'
  if (takes && equals < 0) return { fault: 'option requires an argument', option: name }
  if (!takes && equals >= 0) return { fault: 'illegal option', option: text }
  return { letter, value: takes ? text.slice(equals + 1) : '' }
}
