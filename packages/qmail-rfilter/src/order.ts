/** What the command line asks for. Pure. */
import { type Command, splitCommands } from '@moreqmail/filter/command-line'

/** A message to be sent, and the filters that it has to pass before. */
export interface Order {
  readonly host: string
  readonly sender: string
  readonly recipients: readonly string[]
  readonly filters: readonly Command[]
}

/**
 * The order that these words give; undefined if they give none. Host, sender and the first recipient come from elsewhere,
 * and are what they are even if they are `--`.
 */
export function parseOrder(words: readonly string[]): Order | undefined {
  const [host, sender, first, ...rest] = words
  if (host === undefined || sender === undefined || first === undefined) return undefined
  const dashes = rest.indexOf('--')
  const end = dashes < 0 ? rest.length : dashes
  const commands = rest.slice(end + 1)
  // One with nothing behind it stands for no filters, or for an empty one.
  const filters = commands.at(-1) === '--' ? undefined : splitCommands(commands)
  return filters && { host, sender, recipients: [first, ...rest.slice(0, end)], filters }
}
