/** How the content of a control file is shown, and what in it can't be meant so. Pure. */
import { parsePattern } from '@moreqmail/ere'
import { controlText, parseRule } from '@moreqmail/message'
import { allUsers, hashKind } from '@moreqmail/passwd'
import { leadingNumber, trimEnd, wholeNumber } from '@moreqmail/unix/bytes'
import type { Control, Form } from './controls.ts'

export interface Content {
  /** What is shown: never a secret. */
  readonly shown: readonly string[]
  /** What can't be meant so: never with a secret in it. */
  readonly faults: readonly string[]
  /** True if there is something in it that not everybody may know. */
  readonly secret: boolean
  /** Other files that it names. */
  readonly paths: readonly string[]
}

/** A line of a list, with its number from 1 on. */
export interface Entry {
  readonly number: number
  readonly text: string
}

/** Of longer lists only the start is shown. */
const MOST = 20
const HIGHEST_PORT = 65535

/** What can be found out with the system's help only. */
export interface Facts {
  readonly isAddress: (text: string) => boolean
}

type Reading = (text: string, control: Control, facts: Facts) => Partial<Content>

/** What is in a file of this form. */
export function contentOf(control: Control, text: string, facts: Facts): Content {
  const { shown = [], faults = [], secret = false, paths = [] } = READINGS[control.form](text, control, facts)
  const foreign = BINARY.has(control.form) ? [] : foreignBytes(text)
  return { shown, faults: atMost([...foreign, ...faults]), secret, paths }
}

/** The lines that count, without blanks at their ends. */
export function entriesOf(text: string): Entry[] {
  return text
    .split('\n')
    .flatMap((line, i) => (/^[#\0]/.test(line) ? [] : line.split('\0').map((text) => ({ number: i + 1, text }))))
    .map(({ number, text }) => ({ number, text: trimEnd(text) }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
}

/** The first line, without blanks at its end. */
export function lineOf(text: string): string {
  return trimEnd(text.split('\n', 1)[0] ?? '')
}

const BINARY: ReadonlySet<Form> = new Set(['cdb', 'mark', 'pem', 'key'])

const READINGS: Readonly<Record<Form, Reading>> = {
  line: (text, { matches }) => {
    const value = lineOf(text)
    const odd = value !== '' && matches !== undefined && !matches.test(value)
    return { shown: [value], faults: [...moreLines(text), ...(odd ? ['its first line makes no sense'] : [])] }
  },
  number: (text, { range }) => {
    const value = lineOf(text)
    return { shown: [value], faults: [...moreLines(text), ...numberFaults(value, range)] }
  },
  path: (text) => {
    const value = lineOf(text)
    return { shown: [value], faults: moreLines(text), paths: value === '' ? [] : [value] }
  },
  address: (text, _, { isAddress }) => {
    const value = lineOf(text)
    const odd = value !== '' && !isAddress(value)
    return { shown: [value], faults: [...moreLines(text), ...(odd ? ['its first line is no address'] : [])] }
  },
  list: (text) => ({ shown: beginning(entriesOf(text).map(({ text }) => text)) }),
  addresses: checked('is no address', ({ text }, { isAddress }) => isAddress(text)),
  patterns: checked('is no regular expression', ({ text }) => parsePattern(text.replace(/^!/, '')) !== undefined),
  pairs: checked('has no colon', ({ text }) => text.includes(':')),
  rules: checked('is no rule', ({ text }) => parseRule(controlText(text)) !== undefined),
  plugins: (text) => {
    const entries = entriesOf(text)
    const first = entries.find(({ text }) => text.startsWith('['))?.number ?? Number.POSITIVE_INFINITY
    const faults = entries.flatMap(({ text, number }) => {
      if (number < first) return [`line ${number} is in no section`]
      return /^\[[^chmrd]?$|^\[[^chmrd]/.test(text) ? [`line ${number} opens a section that nobody runs`] : []
    })
    return { shown: beginning(entries.map(({ text }) => text)), faults }
  },
  routes: (text) => {
    const entries = entriesOf(text)
    const faults = entries.flatMap(({ text, number }) => {
      const colon = text.indexOf(':')
      if (colon < 0) return [`line ${number} has no colon`]
      const place = (text.slice(colon + 1).split('|', 1)[0] ?? '').replace(/^\[[^\]]*\]/, '')
      const port = place.includes(':') ? place.slice(place.indexOf(':') + 1) : ''
      return port === '' || (wholeNumber(port, HIGHEST_PORT) ?? 0) > 0 ? [] : [`line ${number} has a bad port`]
    })
    const shown = entries.map(({ text }) => text.replace(/\|.*/s, ' (with a login)'))
    return { shown: beginning(shown), faults, secret: text.includes('|') }
  },
  keys: (text) => {
    const entries = entriesOf(text)
    const faults = entries.filter(({ text }) => !text.includes(':')).map(({ number }) => `line ${number} has no colon`)
    const paths = entries.flatMap(({ text }) => text.split(':')[1] ?? []).filter((path) => !/%|^$/.test(path))
    return { shown: beginning(entries.map(({ text }) => text)), faults, paths }
  },
  secrets: (text) => {
    const { length } = entriesOf(text)
    return { shown: [plural(length, 'secret')], faults: length > 0 ? [] : ['there is none in it'], secret: true }
  },
  users: (text) => {
    const users = [...allUsers(text)]
    const faults = users.flatMap((user) => {
      if (typeof user === 'number') return [`line ${user} is no user`]
      return hashKind(user.hash) === 'unusable' ? [`${user.name} has a hash that can't be used`] : []
    })
    return { shown: [plural(users.length - faults.length, 'user')], faults, secret: true }
  },
  pem: (text) => {
    const certificates = text.match(/^-----BEGIN [A-Z ]*CERTIFICATE-----/gm)?.length ?? 0
    const key = hasKey(text)
    const shown = [plural(certificates, 'certificate'), ...(key ? ['a private key'] : [])].join(' and ')
    const cut = /-----BEGIN ([A-Z ]+)-----(?![\s\S]*-----END \1-----)/.test(text)
    const faults = cut ? ['a block in it has no end'] : certificates === 0 && !key ? ['there is none in it'] : []
    return { shown: [shown], faults, secret: key }
  },
  key: (text) =>
    hasKey(text) || /^[A-Za-z0-9+/]{43}=\s*$/.test(text)
      ? { shown: ['a private key'], secret: true }
      : { shown: ['no key'], faults: ['there is no private key in it'] },
  cdb: () => ({ shown: ['a constant database'] }),
  mark: () => ({ shown: ['it is there'] }),
}

/** A list whose entries have to be something. */
function checked(fault: string, good: (entry: Entry, facts: Facts) => boolean): Reading {
  return (text, _, facts) => {
    const entries = entriesOf(text)
    const bad = entries.filter((entry) => !good(entry, facts))
    return {
      shown: beginning(entries.map(({ text }) => text)),
      faults: bad.map(({ number }) => `line ${number} ${fault}`),
    }
  }
}

function hasKey(text: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)
}

function moreLines(text: string): string[] {
  const lf = text.indexOf('\n')
  return lf >= 0 && /\S/.test(text.slice(lf)) ? ['only its first line counts'] : []
}

function numberFaults(value: string, range: Control['range']): string[] {
  const number = leadingNumber(value)
  if (number === undefined)
    return [value === '' ? 'it is empty: as if it were not there' : 'it is no number: as if it were not there']
  if (!/^[0-9]+$/.test(value)) return [`of its first line only ${number} counts`]
  const [least, greatest] = range ?? [0, Number.MAX_SAFE_INTEGER]
  return number < least || number > greatest ? [`${number} is not from ${least} to ${greatest}`] : []
}

/** What an editor for another system, or none at all, has left. */
function foreignBytes(text: string): string[] {
  const cr = text.split('\n').findIndex((line) => line.endsWith('\r'))
  return [
    ...(cr < 0 ? [] : [`line ${cr + 1} ends in CR, which belongs to it`]),
    ...(text.includes('\0') ? ['there is a NUL in it'] : []),
  ]
}

function beginning(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['no entries'] : atMost(lines)
}

/** The first ones, and how many more there are. */
export function atMost(lines: readonly string[]): readonly string[] {
  return lines.length <= MOST ? lines : [...lines.slice(0, MOST), `and ${lines.length - MOST} more`]
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
