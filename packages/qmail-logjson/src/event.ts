/** What a line says: the fields that go into the JSON beside the line itself. Pure. */
import { ANYONE, FAMILIES, type Family, type Form, type Level, NUMBERS, SPF } from './forms.ts'

export interface Event {
  readonly level: Level
  readonly fields: Readonly<Record<string, string | number>>
}

/** Numbers of more digits would change in JavaScript: they stay text. */
const DIGITS = 15

const UNKNOWN: Event = { level: 'info', fields: {} }

/** A line of more bytes is not looked into: no form is that long, and some look-ups cost more than its length. */
const LONGEST = 8192

interface Entry {
  readonly program: string
  readonly forms: readonly Form[]
}

const entries = (family: Family): Array<[string, Entry]> =>
  Object.entries(family.forms).map(([word, forms]) => [word, { program: family.program, forms }])

const byFirstWord: ReadonlyMap<string, Entry> = new Map(FAMILIES.flatMap(entries))
const anyone: ReadonlyMap<string, readonly Form[]> = new Map(Object.entries(ANYONE))

/** The event of a line, without fields if it has no form that is known. */
export function eventOf(line: string): Event {
  if (line.length > LONGEST) return UNKNOWN
  const space = line.indexOf(' ')
  if (space < 0) return UNKNOWN
  const word = line.slice(0, space)
  const known = byFirstWord.get(word)
  const event = known && firstOf(known.forms, line, { program: known.program })
  if (event !== undefined) return event
  const spf = /^(?<program>qmail-spp-spf):(?<ip>[0-9A-Fa-f.:]+):$/.exec(word)?.groups
  if (spf !== undefined) return firstOf(SPF, line.slice(space + 1), spf) ?? UNKNOWN
  // A program by whatever name: `NAME: WORD...`
  if (!/^[A-Za-z][\w.+-]*:$/.test(word)) return UNKNOWN
  const rest = line.slice(space + 1)
  const forms = anyone.get(rest.split(' ', 1)[0] ?? '')
  return (forms && firstOf(forms, rest, { program: word.slice(0, -1) })) ?? UNKNOWN
}

function firstOf(forms: readonly Form[], text: string, more: Readonly<Record<string, string>>): Event | undefined {
  for (const { event, level = 'info', pattern } of forms) {
    const match = pattern.exec(text)
    if (match === null) continue
    const fields: Record<string, string | number> = { program: more['program'] ?? '', event, ...more }
    for (const [name, value] of Object.entries(match.groups ?? {})) {
      if (value === undefined) continue
      if (!NUMBERS.has(name) || value.length > DIGITS) fields[name] = value
      else if (value !== '') fields[name] = Number(value)
    }
    return { level, fields: { ...fields, ...endOf(fields['status']) } }
  }
  return undefined
}

/** What a raw wait status means. */
function endOf(status: string | number | undefined): Readonly<Record<string, number>> {
  if (typeof status !== 'number') return {}
  const signal = status & 127
  return signal === 0 ? { exit: (status >> 8) & 255 } : { signal }
}
