/** Which passwords are taken. Pure. */
import { NUL } from '@moreqmail/unix/bytes'

/** Bytes that a password may have. */
export const MAX_PASSWORD = 4000

/** Why a password can't be taken; undefined: it can. */
export function faultOf(password: Uint8Array): string | undefined {
  if (password.length === 0) return 'the password is empty'
  if (password.length > MAX_PASSWORD) return `the password has more than ${MAX_PASSWORD} bytes`
  return password.includes(NUL) ? 'the password has a NUL in it' : undefined
}

/** True if both are the same bytes. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
