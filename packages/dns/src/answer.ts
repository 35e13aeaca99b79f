/** What can be asked, and what the answers look like. Pure. */

/** An entry of an MX record set. RFC 5321 5.1; a lone `.` as exchange: no mail at all, RFC 7505. */
export interface Mx {
  readonly preference: number
  readonly exchange: string
}

/** A certificate association. RFC 6698 2.1 */
export interface Tlsa {
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  readonly data: Uint8Array
}

/** The data of one record of each type. */
export interface RecordData {
  /** `192.0.2.1` */
  A: string
  /** The form of RFC 5952. */
  AAAA: string
  CNAME: string
  MX: Mx
  PTR: string
  TLSA: Tlsa
  /** The strings of the record as byte strings, in order; any of them may be empty. */
  TXT: readonly string[]
}

export type RecordType = keyof RecordData

/**
 * How asking has ended:
 * - `found`: there is at least one record.
 * - `nodata`: the name exists, but has no such record.
 * - `nxdomain`: the name does not exist; also if it can't, as with a label over 63 bytes.
 * - `servfail`: the server has failed, or has answered what makes no sense.
 * - `refused`: the server does not serve us.
 * - `timeout`: no server has answered in time, or could be reached at all.
 *
 * The first three say how things are; after the others nothing is known.
 */
export type Status = 'found' | 'nodata' | 'nxdomain' | 'servfail' | 'refused' | 'timeout'

export interface Answer<T extends RecordType> {
  readonly status: Status
  /** In the server's order; empty unless `found`. */
  readonly records: ReadonlyArray<RecordData[T]>
  /** Whose records these are: the last of the CNAMEs, or the name that was asked for. */
  readonly name: string
  /** The server vouches for the answer by DNSSEC: worth as much as the server and the way to it. RFC 4035 3.2.3 */
  readonly authentic: boolean
}

export interface Question<T extends RecordType> {
  readonly name: string
  readonly type: T
}

/** Looks up a name; how those who need the DNS, but are not to touch the network themselves, get it. */
export type Resolver = <T extends RecordType>(name: string, type: T) => Answer<T> | Promise<Answer<T>>

/** True if nothing is known for now, so that nothing may be concluded: not even that there is no such record. */
export function isTemporary(answer: { readonly status: Status }): boolean {
  return answer.status === 'servfail' || answer.status === 'refused' || answer.status === 'timeout'
}
