/** What a login on descriptor 3 says: name, password and timestamp, each ended by a NUL. Pure. */
import { latin1, NUL } from '@moreqmail/unix/bytes'

/** Bytes that a login may have in all. */
export const MAX_LOGIN = 4096

export interface Login {
  readonly name: string
  /** A view of the bytes that were given, so that there is one copy to wipe. */
  readonly password: Uint8Array
}

/** `malformed`: fewer than two NULs; `empty`: without a name or a password. */
export function parseLogin(bytes: Uint8Array): Login | 'malformed' | 'empty' {
  const first = bytes.indexOf(NUL)
  const second = first < 0 ? -1 : bytes.indexOf(NUL, first + 1)
  if (second < 0) return 'malformed'
  if (first === 0 || second === first + 1) return 'empty'
  return { name: latin1(bytes, 0, first), password: bytes.subarray(first + 1, second) }
}
