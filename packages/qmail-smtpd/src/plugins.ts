/** The language between qmail-smtpd and its plugins: which of them run when, and what their output asks for. Pure. */

/** When plugins run. */
export type Event = 'connection' | 'helo' | 'mail' | 'rcpt' | 'data'

export type Plugins = ReadonlyMap<Event, readonly string[]>

/** The second byte of a line that opens a section. */
const SECTIONS: ReadonlyMap<string, Event> = new Map([
  ['c', 'connection'],
  ['h', 'helo'],
  ['m', 'mail'],
  ['r', 'rcpt'],
  ['d', 'data'],
])

/** The commands that can be refused in advance. */
export type Later = 'mail' | 'rcpt' | 'data'

const LATER: ReadonlyMap<string, Later> = new Map([
  ['M', 'mail'],
  ['R', 'rcpt'],
  ['D', 'data'],
])

/** What one line of a plugin asks for. */
export type Request =
  | { readonly kind: 'end of plugins' | 'next' | 'approve' | 'drop' }
  | { readonly kind: 'refuse' | 'reject' | 'print' | 'header' | 'address' | 'unset'; readonly text: string }
  | { readonly kind: 'later'; readonly command: Later; readonly text: string }
  | { readonly kind: 'set'; readonly name: string; readonly text: string }

/** The plugins of each event, from the entries of the list file. */
export function parsePlugins(entries: Iterable<string>): Plugins {
  const plugins = new Map<Event, string[]>()
  let section: string[] | undefined
  for (const entry of entries) {
    if (entry.startsWith('[')) {
      const event = SECTIONS.get(entry.charAt(1))
      section = event && (plugins.get(event) ?? [])
      if (event && section) plugins.set(event, section)
    } else section?.push(entry)
  }
  return plugins
}

/** How a plugin is started: a shell command after a colon, else a program. */
export function pluginArguments(plugin: string): readonly string[] {
  return plugin.startsWith(':') ? ['/bin/sh', '-c', plugin.slice(1)] : [plugin]
}

/** What a line asks for, undefined if nothing. */
export function parseRequest(line: string): Request | undefined {
  const text = line.slice(1)
  switch (line.charAt(0)) {
    case 'A':
      return { kind: 'end of plugins' }
    case 'N':
      return { kind: 'next' }
    case 'O':
      return { kind: 'approve' }
    case 'D':
      return { kind: 'drop' }
    case 'E':
      return { kind: 'refuse', text: replyText(text) }
    case 'R':
      return { kind: 'reject', text: replyText(text) }
    case 'P':
      return { kind: 'print', text: replyText(text) }
    case 'L': {
      const command = LATER.get(text.charAt(0))
      return command && { kind: 'later', command, text: replyText(text.slice(1)) }
    }
    case 'H':
      return { kind: 'header', text }
    case 'C':
      return { kind: 'address', text: upToNul(text) }
    case 'S': {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(upToNul(text)) ?? []
      return name === undefined ? undefined : { kind: 'set', name, text: value ?? '' }
    }
    case 'U':
      return { kind: 'unset', text: upToNul(text) }
    default:
      return undefined
  }
}

/** Text for the client: it can't end its line. */
function replyText(text: string): string {
  return text.replace(/[\r\0]/g, '')
}

function upToNul(text: string): string {
  const nul = text.indexOf('\0')
  return nul < 0 ? text : text.slice(0, nul)
}
