/** Which files of a Maildir are messages, and in which order they are numbered. Pure. */
import { latin1 } from '@moreqmail/unix/bytes'

/** What a directory holds. */
export interface Listing {
  /** One after the other, each ended by a NUL. */
  readonly names: Uint8Array
  /** Where each of them ends. */
  readonly ends: Uint32Array
  /** Of each the size, atime and mtime, NaN if it has none. */
  readonly facts: Float64Array
}

/** A message as it was at the start of the session. */
export interface Message {
  readonly name: string
  /** True if it is in `new`, false if in `cur`. */
  readonly fresh: boolean
  /** Bytes on disk. */
  readonly size: number
  deleted: boolean
}

/** The messages of a session. */
export interface Mailbox {
  readonly count: number
  /** Of all messages. */
  readonly bytes: number
  /** The messages in their order, which is found when it is first asked for: many a client asks for the count only. */
  readonly messages: () => readonly Message[]
}

/** So long, in seconds, may a file in tmp go unread; then its delivery has failed. maildir(5) */
const TMP_AGE = 129600

/** The facts of one name. */
const SIZE = 0
const ATIME = 1
const MTIME = 2
const EACH = 3

const DOT = 46

/** Where the message is, under the Maildir. */
export function pathOf({ name, fresh }: Message): string {
  return `${fresh ? 'new' : 'cur'}/${name}`
}

/** What stays the same about a message: its name up to the flags. */
export function uidOf({ name }: Message): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(0, colon)
}

/** The names in tmp of deliveries that have failed. */
export function abandoned(tmp: Listing, now: number): string[] {
  const names: string[] = []
  for (let i = 0; i < tmp.ends.length; i++) {
    const name = nameOf(tmp, i)
    if (!name.startsWith('.') && now > Math.floor(tmp.facts[EACH * i + ATIME] ?? 0) + TMP_AGE) names.push(name)
  }
  return names
}

function nameOf({ names, ends }: Listing, i: number): string {
  return latin1(names, i === 0 ? 0 : (ends[i - 1] ?? 0) + 1, ends[i])
}

/** The files that don't begin with a dot and were last changed in an earlier second than `now`. */
export function mailboxOf(fresh: Listing, seen: Listing, now: number): Mailbox {
  const keys = keysOf(fresh, seen, now)
  let ordered: Message[] | undefined
  return {
    count: keys.values.length,
    bytes: keys.bytes,
    messages: () => {
      ordered ??= messagesOf(fresh, seen, keys)
      return ordered
    },
  }
}

/** The oldest message is the first; of the same second, the first by name. */
function messagesOf(fresh: Listing, seen: Listing, { values, each, middle }: Keys): Message[] {
  const ordered: Message[] = []
  let last = 1
  let run = 0
  // Numbers of a typed array are sorted by the engine itself, without a call for each comparison.
  values.sort()
  for (let k = 0; k < values.length; k++) {
    const key = values[k] as number
    const age = Math.floor(key / each)
    const index = key - age * each
    if (age !== last) {
      byName(ordered, run)
      last = age
      run = k
    }
    const inNew = index < middle
    const listing = inNew ? fresh : seen
    const i = inNew ? index : index - middle
    const size = listing.facts[EACH * i + SIZE] as number
    ordered.push({ name: nameOf(listing, i), fresh: inNew, size, deleted: false })
  }
  byName(ordered, run)
  return ordered
}

interface Keys {
  /** One for each message: its age in seconds, negative, times `each`, and its index in both listings. */
  readonly values: Float64Array
  readonly each: number
  /** The index of the first name in the second listing. */
  readonly middle: number
  /** Of all messages together. */
  readonly bytes: number
}

function keysOf(fresh: Listing, seen: Listing, now: number): Keys {
  const middle = fresh.ends.length
  const each = middle + seen.ends.length
  // Where two million messages are 140 years old their age is no longer told apart.
  const oldest = -Math.floor(Number.MAX_SAFE_INTEGER / each) + 1
  const values = new Float64Array(each)
  let n = 0
  let bytes = 0
  let index = 0
  for (const listing of [fresh, seen]) {
    const { names, ends, facts } = listing
    let start = 0
    for (let i = 0; i < ends.length; i++) {
      const age = Math.floor(facts[EACH * i + MTIME] as number) - now
      // Neither a time that isn't there.
      if (age < 0 && names[start] !== DOT) {
        values[n++] = Math.max(age, oldest) * each + index
        bytes += facts[EACH * i + SIZE] as number
      }
      start = (ends[i] as number) + 1
      index++
    }
  }
  return { values: values.subarray(0, n), each, middle, bytes }
}

/** Puts the messages from `start` on, all of one second, in the order of their names. */
function byName(messages: Message[], start: number): void {
  if (messages.length - start < 2) return
  const run = messages.splice(start)
  run.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  for (const message of run) messages.push(message)
}
