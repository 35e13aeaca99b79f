/** The lines of control/passwd: `name:hash:uid:gid:home[:shell]`, empty lines and comments. Pure. */
import { wholeNumber } from '@moreqmail/unix/bytes'

export const PASSWD = 'control/passwd'

/** The highest number of a user or group: the one above it stands for none in system calls. */
const MAX_ID = 0xfffffffe

/** Whom a user's programs run as. */
export interface Ids {
  readonly uid: number
  readonly gid: number
}

export interface User {
  readonly name: string
  readonly hash: string
  /** Undefined: the user stays the one that checkpassword runs as. */
  readonly ids: Ids | undefined
  /** '': the qmail home. */
  readonly home: string
  readonly shell: string
}

/** Where a line is: its number from 1 on, the offset of its first byte, and that of its LF or of the end. */
interface Place {
  readonly number: number
  readonly start: number
  readonly end: number
}

/** True for what can be a user's name. */
export function isName(name: string): boolean {
  return name !== '' && !name.startsWith('#') && isField(name)
}

/** True for what can stand between two colons. */
export function isField(text: string): boolean {
  return !/[:\0\r\n]/.test(text)
}

/** The ids of two fields; `none` if both are empty, undefined if they are neither that nor two numbers. */
export function parseIds(uid: string, gid: string): Ids | 'none' | undefined {
  if (uid === '' && gid === '') return 'none'
  const [u, g] = [wholeNumber(uid, MAX_ID), wholeNumber(gid, MAX_ID)]
  return u === undefined || g === undefined ? undefined : { uid: u, gid: g }
}

/** A line without its LF; undefined if it is a bad one. */
function parseLine(line: string): User | undefined {
  const fields = line.split(':')
  const [name = '', hash = '', uid = '', gid = '', home = '', shell = '/bin/sh'] = fields
  const ids = parseIds(uid, gid)
  if (fields.length < 5 || fields.length > 6 || ids === undefined || line.includes('\0')) return undefined
  return { name, hash, ids: ids === 'none' ? undefined : ids, home, shell: shell || '/bin/sh' }
}

/** The user's line, the first with this name; the number of the line if it is a bad one, undefined without any. */
export function findUser(text: string, name: string): User | number | undefined {
  const place = placeOf(text, name)
  return place && (parseLine(text.slice(place.start, place.end)) ?? place.number)
}

/** The text with the user's line put in place of the first one with that name, else at the end. */
export function putUser(text: string, user: User): string {
  const { name, hash, ids, home, shell } = user
  const fields = [name, hash, ids?.uid ?? '', ids?.gid ?? '', home, ...(shell === '' ? [] : [shell])]
  const line = fields.join(':')
  const place = placeOf(text, name)
  if (place !== undefined) return `${text.slice(0, place.start)}${line}${text.slice(place.end)}`
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
}

/**
 * The text without the lines of this name; undefined if there is none. All of them: behind the first may be others,
 * which would begin to count.
 */
export function removeUser(text: string, name: string): string | undefined {
  let rest = text
  for (let place = placeOf(rest, name); place !== undefined; place = placeOf(rest, name))
    rest = rest.slice(0, place.start) + rest.slice(place.end + 1)
  return rest === text ? undefined : rest
}

/** The users in order, and of each bad line the number. Lines of a name that has been before don't count. */
export function* allUsers(text: string): Generator<User | number> {
  const seen = new Set<string>()
  let number = 0
  for (const line of text.split('\n')) {
    number++
    if (line === '' || line.startsWith('#')) continue
    const name = nameOf(line)
    if (seen.has(name)) continue
    seen.add(name)
    const user = isName(name) ? parseLine(line) : undefined
    yield user ?? number
  }
}

function nameOf(line: string): string {
  const colon = line.indexOf(':')
  return colon < 0 ? line : line.slice(0, colon)
}

/** The first line of this name, without taking the others apart. */
function placeOf(text: string, name: string): Place | undefined {
  if (!isName(name)) return undefined
  for (let start = 0; start > -1; ) {
    const lf = text.indexOf('\n', start)
    const after = text.charAt(start + name.length)
    if (text.startsWith(name, start) && (after === ':' || after === '\n' || after === '')) {
      let number = 1
      for (let at = text.indexOf('\n'); at > -1 && at < start; at = text.indexOf('\n', at + 1)) number++
      return { number, start, end: lf < 0 ? text.length : lf }
    }
    const next = text.indexOf(`\n${name}`, start)
    start = next < 0 ? -1 : next + 1
  }
  return undefined
}
