/** The data of records. Pure. */
import { latin1 } from '@moreqmail/unix/bytes'
import { formatAddress } from './address.ts'
import type { Mx, RecordData, RecordType, Tlsa } from './answer.ts'
import { decodeName } from './name.ts'

/** RFC 1035 3.2.2, RFC 3596 2.1, RFC 6698 7.1 */
export const TYPE_CODES: Readonly<Record<RecordType, number>> = {
  A: 1,
  CNAME: 5,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  TLSA: 52,
}

/** Reads the data between two offsets of a message, which has both; undefined if they are not what the type demands. */
type Reader<T> = (message: Uint8Array, at: number, end: number) => T | undefined

const READERS: { readonly [T in RecordType]: Reader<RecordData[T]> } = {
  A: addressOf(4),
  AAAA: addressOf(16),
  CNAME: readName,
  MX: readMx,
  PTR: readName,
  TLSA: readTlsa,
  TXT: readTxt,
}

/** The data of a record of this type, between these offsets of a message; undefined if they are damaged. */
export function readData<T extends RecordType>(
  type: T,
  message: Uint8Array,
  at: number,
  end: number,
): RecordData[T] | undefined {
  return READERS[type](message, at, end)
}

export function uint16(message: Uint8Array, at: number): number {
  return ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0)
}

function addressOf(length: 4 | 16): Reader<string> {
  return (message, at, end) => (end - at === length ? formatAddress(message.subarray(at, end)) : undefined)
}

function readName(message: Uint8Array, at: number, end: number): string | undefined {
  const name = decodeName(message, at)
  return name?.[1] === end ? name[0] : undefined
}

function readMx(message: Uint8Array, at: number, end: number): Mx | undefined {
  const exchange = readName(message, at + 2, end)
  return exchange === undefined ? undefined : { preference: uint16(message, at), exchange }
}

/** A record without any string, which RFC 1035 3.3.14 does not have, is read as such. */
function readTxt(message: Uint8Array, at: number, end: number): readonly string[] | undefined {
  const strings: string[] = []
  while (at < end) {
    const next = at + 1 + (message[at] ?? 0)
    if (next > end) return undefined
    strings.push(latin1(message, at + 1, next))
    at = next
  }
  return strings
}

function readTlsa(message: Uint8Array, at: number, end: number): Tlsa | undefined {
  const [usage, selector, matchingType] = message.subarray(at, Math.min(end, at + 3))
  if (usage === undefined || selector === undefined || matchingType === undefined) return undefined
  return { usage, selector, matchingType, data: message.slice(at + 3, end) }
}
