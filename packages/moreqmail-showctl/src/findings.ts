/** What is to be said of each control file, and what is wrong with it. */
import { EACCES, EISDIR, ENOENT, errorText, sys } from '@moreqmail/unix'
import { CONTROLS, type Control, type Form, OTHERS } from './controls.ts'
import { type Found, isDirectoryOfControls, leadsSomewhere } from './directory.ts'
import { type Content, contentOf, entriesOf, lineOf } from './forms.ts'
import {
  type Account,
  ANYONE,
  directoryFaults,
  fileFaults,
  isOptional,
  type Mode,
  USER_NAMES,
  userOf,
} from './modes.ts'
import { relationFaults } from './relations.ts'

export interface Findings {
  /** What each file says, and what it is for. */
  readonly report: readonly string[]
  /** True if not everything could be looked at by who runs this. */
  readonly partial: boolean
  /** What is wrong, as `control/NAME: TEXT`. */
  readonly faults: readonly string[]
}

const OTHERS_READ = 0o004
const SMALLEST_CDB = 2048
const SECRET_FORMS: ReadonlySet<Form> = new Set(['users', 'secrets', 'routes'])

export function findingsOf(all: readonly Found[]): Findings {
  const accounts = USER_NAMES.flatMap(accountOf)
  const byName = new Map(all.map((found) => [found.name, found]))
  const running = programsInUse(byName)
  const contents = new Map(all.flatMap((found) => contentIn(found)))
  const faults = all.flatMap((found) =>
    faultsOf(found, contents.get(found.name), accounts, running).map((fault) => `control/${found.name}: ${fault}`),
  )
  const text = (name: string): string | undefined => {
    const found = byName.get(name)?.text
    return typeof found === 'string' ? found : undefined
  }
  const files = {
    has: (name: string) => byName.has(name),
    text,
    changed: (name: string) => byName.get(name)?.changed ?? 0,
  }
  const together = relationFaults(files).map((fault) => `control/${fault}`)
  return {
    report: reportOf(all, contents, text),
    partial: all.some(({ text }) => text === -EACCES),
    faults: [...faults, ...together],
  }
}

function contentIn({ name, control, text, directory }: Found): Array<[string, Content]> {
  if (control === undefined || directory || typeof text === 'number') return []
  return [[name, contentOf(control, text, { isAddress: (address) => typeof sys.ip(bare(address)) === 'string' })]]
}

/** An address without brackets. */
function bare(address: string): string {
  return address.replace(/^\[(?:IPv6:)?(.*)\]$/i, '$1')
}

function reportOf(
  all: readonly Found[],
  contents: ReadonlyMap<string, Content>,
  text: (name: string) => string | undefined,
): string[] {
  const show = (control: Control): string[] => {
    const found = all.filter((one) => one.control === control)
    const head = `${control.name}: ${control.about}; read by ${control.programs.join(', ')}`
    if (found.length === 0) return [head, `  (default) ${defaultOf(control, text)}`]
    return [head, ...found.flatMap((one) => shownOf(one, contents.get(one.name), control.name.includes('*')))]
  }
  const others = OTHERS.filter((control) => all.some((one) => one.control === control))
  return [...CONTROLS, ...others].flatMap(show)
}

function shownOf({ name, text, directory }: Found, content: Content | undefined, named: boolean): string[] {
  const before = named ? `  ${name}: ` : '  '
  if (typeof text === 'number') return [`${before}(not readable: ${errorText(text)})`]
  if (directory) return [`${before}(not readable: ${errorText(EISDIR)})`]
  return (content?.shown ?? []).map((line) => before + line)
}

/** What counts without the file. */
function defaultOf({ fallback, without }: Control, text: (name: string) => string | undefined): string {
  const value = fallback === undefined ? undefined : text(fallback)
  return value === undefined ? without : `${lineOf(value)}, of ${fallback}`
}

function faultsOf(
  found: Found,
  content: Content | undefined,
  accounts: readonly Account[],
  running: ReadonlySet<string>,
): string[] {
  const { name, control, text, directory } = found
  if (text === -ENOENT) return ['it leads nowhere']
  if (directory && isDirectoryOfControls(name)) return directoryFaults(found, usersOf(name, accounts, running))
  if (control === undefined) {
    const copy = (found.mode & OTHERS_READ) !== 0 && isCopyOfSecret(name)
    return [`no program reads it${copy ? ', but everybody can, and there may be a secret in it' : ''}`]
  }
  if (directory) return ['it is a directory']
  // To whom it can't be shown it may be right all the same; root can be shown everything.
  const unreadable = typeof text === 'number' && text !== -EACCES ? [`it can't be read: ${errorText(text)}`] : []
  const damaged = control.form === 'cdb' && found.size < SMALLEST_CDB ? ['it is no constant database'] : []
  const secret = content?.secret ?? false
  const readers = readersOf(control, accounts, running)
  return [
    ...unreadable,
    ...damaged,
    ...fileFaults(found, secret, readers),
    ...(content?.faults ?? []),
    ...(content?.paths ?? []).flatMap((path) => pathFaults(path, control)),
  ]
}

/** What is wrong with a file that a control file names. */
function pathFaults(path: string, control: Control): string[] {
  if (leadsSomewhere(path) === false) return [`there is no ${path}`]
  const mode = modeOf(path)
  const key = control.form === 'keys' || control.name === 'clientkey'
  if (!key || mode === undefined || (mode.mode & OTHERS_READ) === 0) return []
  return [`everybody can read ${path}, and there is a key in it`]
}

/** The mode of what the path leads to. */
export function modeOf(path: string): Mode | undefined {
  const out = new Float64Array(9)
  if (sys.stat(path, 1, out) < 0) return undefined
  const [, , mode = 0, , uid = 0, gid = 0] = out
  return { mode, uid, gid }
}

/** Each program that reads the file, and its user: undefined stands for anybody. */
function readersOf(
  { programs }: Control,
  accounts: readonly Account[],
  running: ReadonlySet<string>,
): Array<readonly [string, Account | undefined]> {
  return programs
    .filter((program) => !isOptional(program) || running.has(program))
    .flatMap((program): Array<readonly [string, Account | undefined]> => {
      const user = userOf(program)
      if (user === ANYONE) return [[program, undefined]]
      return accounts.filter(({ name }) => name === user).map((account) => [program, account])
    })
}

/** Who reads files in a directory of control files. */
function usersOf(directory: string, accounts: readonly Account[], running: ReadonlySet<string>): Account[] {
  const parts = directory.split('/').length
  const isIn = ({ name }: Control): boolean =>
    name.split('/').length > parts && name.split('/')[0] === directory.split('/')[0]
  const users = CONTROLS.filter(isIn).flatMap((control) => readersOf(control, accounts, running))
  return accounts.filter((account) => users.some(([, user]) => user === account))
}

/** True for what looks like a copy of a file that may hold a secret. */
function isCopyOfSecret(name: string): boolean {
  return CONTROLS.some(({ name: own, form }) => SECRET_FORMS.has(form) && name.startsWith(own))
}

/** The programs that are named in lists of programs. */
function programsInUse(byName: ReadonlyMap<string, Found>): Set<string> {
  const lists = ['rcptchecks', 'remotefilters', 'smtpfilters', 'smtpplugins'].flatMap((name) => {
    const text = byName.get(name)?.text
    return typeof text === 'string' ? entriesOf(text) : []
  })
  return new Set(lists.flatMap(({ text }) => text.split(/[\s:]+/).map((word) => word.slice(word.lastIndexOf('/') + 1))))
}

export function accountOf(name: string): Account[] {
  const user = sys.getpwnam(name)
  return typeof user === 'number' ? [] : [{ name, uid: user[1], gid: user[2] }]
}
