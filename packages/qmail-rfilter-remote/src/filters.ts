/** Which filters a list names. Pure. */
import { splitCommands } from '@moreqmail/filter/command-line'

/**
 * The words of the filters that these lines name, with `--` between them; undefined if a line has a `--` that would leave
 * a filter empty. Words are separated by blanks; there is no quoting.
 */
export function filterWords(lines: Iterable<string>): readonly string[] | undefined {
  const words = [...lines].flatMap((line, i) => [
    ...(i > 0 ? ['--'] : []),
    ...line.split(/[ \t]+/).filter((word) => word !== ''),
  ])
  return words.at(-1) === '--' || splitCommands(words) === undefined ? undefined : words
}

/** The PATH with a directory before all others. */
export function pathWith(directory: string, path: string | undefined): string {
  return `${directory}:${path ?? '/bin:/usr/bin'}`
}
