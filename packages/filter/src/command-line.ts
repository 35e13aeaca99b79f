/** Which filters a command line names. Pure. */

/** A filter: its name, as looked up on the PATH, and its arguments. */
export type Command = readonly [string, ...string[]]

/**
 * The commands between the words that are `--`. One `--` at the end is allowed; undefined if there is nothing before
 * the first one or between two.
 */
export function splitCommands(words: readonly string[]): readonly Command[] | undefined {
  const commands: Command[] = []
  for (let from = 0; from < words.length; ) {
    const dashes = words.indexOf('--', from)
    const end = dashes < 0 ? words.length : dashes
    const [name, ...rest] = words.slice(from, end)
    if (name === undefined) return undefined
    commands.push([name, ...rest])
    from = end + 1
  }
  return commands
}
