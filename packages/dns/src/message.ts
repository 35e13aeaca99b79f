/** The messages: a query, and what a reply to it says. Pure. */
import type { Answer, RecordData, RecordType, Status } from './answer.ts'
import { decodeName } from './name.ts'
import { readData, TYPE_CODES, uint16 } from './record.ts'

/** RFC 1035 4.1.1 */
const HEADER_LENGTH = 12
const FLAGS = 2
const QUESTIONS = 4
const ANSWERS = 6
const ADDITIONALS = 10
const RESPONSE = 0x8000
const OPCODE = 0x7800
const AUTHORITATIVE = 0x0400
const TRUNCATED = 0x0200
const RECURSION_DESIRED = 0x0100
const RECURSION_AVAILABLE = 0x0080
/** In a query: the reply may have it, too. RFC 6840 5.7 */
const AUTHENTIC = 0x0020
const RCODE = 0x000f

const NOERROR = 0
const FORMERR = 1
const NXDOMAIN = 3
const NOTIMP = 4
const REFUSED = 5

const CLASS_IN = 1
/** More CNAMEs in a row are taken for a circle, as by the resolvers themselves. */
const MOST_ALIASES = 16
/** Type and class after the name of a question; and length of data and time to live after those of a record. */
const QUESTION_TAIL = 4
const RECORD_TAIL = 10

/** An OPT record: the root, type 41, the largest reply that we take by UDP, no flags, no options. RFC 6891 6.1.2 */
const UDP_SIZE = 1232
const OPT = [0, 0, 41, UDP_SIZE >> 8, UDP_SIZE & 255, 0, 0, 0, 0, 0, 0]

/** A query for the records of this type of a name, given as `encodeName` makes it. `edns`: with an OPT record. */
export function encodeQuery(id: number, name: Uint8Array, type: RecordType, edns: boolean): Uint8Array {
  const query = new Uint8Array(HEADER_LENGTH + name.length + QUESTION_TAIL + (edns ? OPT.length : 0))
  const tail = HEADER_LENGTH + name.length
  putUint16(query, 0, id)
  putUint16(query, FLAGS, RECURSION_DESIRED | AUTHENTIC)
  putUint16(query, QUESTIONS, 1)
  query.set(name, HEADER_LENGTH)
  putUint16(query, tail, TYPE_CODES[type])
  putUint16(query, tail + 2, CLASS_IN)
  if (edns) {
    putUint16(query, ADDITIONALS, 1)
    query.set(OPT, tail + QUESTION_TAIL)
  }
  return query
}

function putUint16(into: Uint8Array, at: number, n: number): void {
  into[at] = n >> 8
  into[at + 1] = n & 255
}

/**
 * What a message is to a query:
 * - `other`: no reply to this query; to be ignored.
 * - `truncated`: the reply is there by TCP only.
 * - `no edns`: the server does not know OPT records, but may answer without one. RFC 6891 7
 * - an answer, whose status is never `timeout`.
 */
export type Reply<T extends RecordType> = 'other' | 'truncated' | 'no edns' | Answer<T>

/** What this message, any bytes at all, says to a query of `encodeQuery` for records of this type. */
export function readReply<T extends RecordType>(message: Uint8Array, query: Uint8Array, type: T): Reply<T> {
  const end = HEADER_LENGTH + nameLength(query) + QUESTION_TAIL
  if (message.length < HEADER_LENGTH || uint16(message, 0) !== uint16(query, 0)) return 'other'
  const flags = uint16(message, FLAGS)
  if ((flags & (RESPONSE | OPCODE)) !== RESPONSE) return 'other'
  const rcode = flags & RCODE
  const asked = uint16(message, QUESTIONS) === 1 && sameQuestion(message, query, end)
  // A server that can't, or won't, read the question may leave it out.
  const unread = uint16(message, QUESTIONS) === 0 && rcode !== NOERROR && rcode !== NXDOMAIN
  if (!asked && !unread) return 'other'
  const name = decodeName(query, HEADER_LENGTH)?.[0] ?? '.'
  if ((rcode === FORMERR || rcode === NOTIMP) && uint16(query, ADDITIONALS) > 0) return 'no edns'
  if (rcode === REFUSED) return failure(name, 'refused')
  if (rcode !== NOERROR && rcode !== NXDOMAIN) return failure(name, 'servfail')
  if (flags & TRUNCATED) return 'truncated' // and what is there of it is not used: RFC 2181 9
  return readAnswers(message, end, name, type) ?? failure(name, 'servfail')
}

/** An answer that tells only why there is none. */
export function failure<T extends RecordType>(name: string, status: Status): Answer<T> {
  return { status, records: [], name, authentic: false }
}

/** The length of the name in a query of ours, which is known to be good. */
function nameLength(query: Uint8Array): number {
  let at = HEADER_LENGTH
  while (query[at]) at += 1 + (query[at] ?? 0)
  return at + 1 - HEADER_LENGTH
}

/** True if the two messages are the same up to `end` in their first question, whatever the case of letters. */
function sameQuestion(message: Uint8Array, query: Uint8Array, end: number): boolean {
  if (message.length < end) return false
  for (let i = HEADER_LENGTH; i < end; i++) {
    const a = message[i] ?? 0
    const b = query[i] ?? 0
    // Lengths are below the letters, so only letters change by folding; type and class have to be equal as they are.
    if (a !== b && (i >= end - QUESTION_TAIL || fold(a) !== fold(b))) return false
  }
  return true
}

function fold(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}

interface Owned<D> {
  /** In lower case. */
  readonly owner: string
  readonly data: D
}

/** The answer whose records begin at an offset; undefined if it is damaged or tells nothing. */
function readAnswers<T extends RecordType>(
  message: Uint8Array,
  at: number,
  asked: string,
  type: T,
): Answer<T> | undefined {
  const flags = uint16(message, FLAGS)
  const code = TYPE_CODES[type]
  const records: Array<Owned<RecordData[T]>> = []
  const aliases = new Map<string, string>()
  for (let left = uint16(message, ANSWERS); left > 0; left--) {
    const owner = decodeName(message, at)
    if (owner === undefined) return undefined
    const tail = owner[1]
    const start = tail + RECORD_TAIL
    const end = start + uint16(message, tail + 8)
    if (end > message.length) return undefined
    at = end
    if (uint16(message, tail + 2) !== CLASS_IN) continue
    const found = uint16(message, tail)
    if (found === code) {
      const data = readData(type, message, start, end)
      if (data === undefined) return undefined
      records.push({ owner: owner[0].toLowerCase(), data })
    } else if (found === TYPE_CODES.CNAME) {
      const target = readData('CNAME', message, start, end)
      if (target === undefined) return undefined
      const alias = owner[0].toLowerCase()
      if (!aliases.has(alias)) aliases.set(alias, target)
    }
  }
  return conclude(flags, asked, records, aliases)
}

/**
 * What records and CNAMEs say to the name that was asked for; undefined if that makes no sense. A response code is about
 * the last name (RFC 6604 3). A name with other data has no CNAME (RFC 2181 10.1); if it has, the data count.
 */
function conclude<T extends RecordType>(
  flags: number,
  asked: string,
  all: ReadonlyArray<Owned<RecordData[T]>>,
  aliases: ReadonlyMap<string, string>,
): Answer<T> | undefined {
  const authentic = (flags & AUTHENTIC) !== 0
  let name = asked
  for (let followed = 0; followed <= MOST_ALIASES; followed++) {
    const key = name.toLowerCase()
    const records: RecordData[T][] = []
    for (const { owner, data } of all) if (owner === key) records.push(data)
    if (records.length > 0) return { status: 'found', records, name, authentic }
    const target = aliases.get(key)
    if (target === undefined) {
      const status = (flags & RCODE) === NXDOMAIN ? 'nxdomain' : 'nodata'
      return mayDeny(flags, status, followed > 0) ? { status, records, name, authentic } : undefined
    }
    name = target
  }
  return undefined
}

/**
 * That there is nothing is for those to say who ask others, or for the name's own server: another one's empty answer
 * refers to whom to ask instead, and a server that asks nobody can't say what is at the end of a CNAME.
 */
function mayDeny(flags: number, status: Status, followed: boolean): boolean {
  if (flags & RECURSION_AVAILABLE) return true
  return (flags & AUTHORITATIVE) !== 0 && (status === 'nxdomain' || !followed)
}
