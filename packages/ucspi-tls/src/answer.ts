/** What the process that does TLS reports about the session: `NAME=VALUE` strings, each ended by a NUL. Pure. */
import { latin1, NUL } from '@moreqmail/unix/bytes'

/** A longer answer is none. */
export const MAX_ANSWER = 65536

/** The answer can set only these: it must not reach PATH or RELAYCLIENT. */
const ALLOWED = /^SSL_[A-Z0-9_]*$/

/**
 * Where the answer ends: the offset of the empty string behind its last one; -1 if that has not come yet. `from` is how
 * many bytes an earlier call has seen in vain.
 */
export function endOfAnswer(bytes: Uint8Array, from: number): number {
  for (let nul = bytes.indexOf(NUL, from); nul >= 0; nul = bytes.indexOf(NUL, nul + 1)) {
    if (nul === 0 || bytes[nul - 1] === NUL) return nul
  }
  return -1
}

/** The variables of an answer that ends there; one without `=` is to be unset. Names other than SSL_... are left out. */
export function answerVariables(bytes: Uint8Array, end: number): ReadonlyMap<string, string | undefined> {
  const variables = new Map<string, string | undefined>()
  for (const text of latin1(bytes, 0, end).split('\0')) {
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    if (ALLOWED.test(name)) variables.set(name, equals < 0 ? undefined : text.slice(equals + 1))
  }
  return variables
}
