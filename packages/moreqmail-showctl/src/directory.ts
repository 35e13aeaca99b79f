/** Reads the control directory. */
import { ENOENT, type Errno, sys } from '@moreqmail/unix'
import { CONTROLS, type Control, OTHERS } from './controls.ts'
import type { Mode } from './modes.ts'

/** Of longer files nothing is shown. */
const LONGEST = 64 * 1024 * 1024

export interface Found extends Mode {
  /** Below control/. */
  readonly name: string
  readonly directory: boolean
  readonly size: number
  /** Seconds since 1970. */
  readonly changed: number
  /** Which control file it is; undefined: none, or a directory of some. */
  readonly control: Control | undefined
  /** Its content, or why there is none. */
  readonly text: string | Errno
}

interface Pattern {
  readonly control: Control
  readonly pattern: RegExp
}

function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`)
}

/** Names without a star come first. */
const patterns: readonly Pattern[] = [...CONTROLS, ...OTHERS]
  .sort((a, b) => Number(a.name.includes('*')) - Number(b.name.includes('*')))
  .map((control) => ({ control, pattern: patternOf(control.name) }))

const directories: readonly RegExp[] = CONTROLS.flatMap(({ name }) => {
  const parts = name.split('/')
  return parts.slice(1).map((_, i) => patternOf(parts.slice(0, i + 1).join('/')))
})

/** Everything in the control directory below the working directory, by name; a negative errno if it can't be listed. */
export function readControls(): Found[] | Errno {
  const all = listBelow('')
  return typeof all === 'number' ? all : all.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function listBelow(above: string): Found[] | Errno {
  const names = sys.readdir(`control/${above}`)
  if (typeof names === 'number') return names
  return names.flatMap((last) => {
    const found = look(above + last)
    const more = found.directory && isDirectoryOfControls(found.name) ? listBelow(`${found.name}/`) : []
    return typeof more === 'number' ? [{ ...found, text: more }] : [found, ...more]
  })
}

/** True for a directory that holds control files. */
export function isDirectoryOfControls(name: string): boolean {
  return directories.some((pattern) => pattern.test(name))
}

function look(name: string): Found {
  const out = new Float64Array(9)
  const errno = sys.stat(`control/${name}`, 1, out)
  const [, , mode = 0, , uid = 0, gid = 0, size = 0, , changed = 0] = out
  const directory = errno === 0 && (mode & 0o170000) === 0o040000
  const control = patterns.find(({ pattern }) => pattern.test(name))?.control
  const holds = control !== undefined && control.form !== 'mark' && control.form !== 'cdb'
  const text = errno < 0 ? errno : directory || !holds ? '' : sys.text(`control/${name}`, LONGEST)
  const known = directory && isDirectoryOfControls(name) ? undefined : control
  return { name, directory, mode, uid, gid, size, changed, control: known, text }
}

/** True if the path, from the home on, leads to something; undefined if that can't be found out. */
export function leadsSomewhere(path: string): boolean | undefined {
  const errno = sys.stat(path, 1, new Float64Array(9))
  return errno === 0 ? true : errno === -ENOENT ? false : undefined
}
