/** Which password hashes are accepted, and whether a password is the right one. */
import { wholeNumber } from '@moreqmail/unix/bytes'

/** Bun's own hashing of passwords; both calls compute in the calling thread. */
declare const Bun:
  | {
      readonly password: {
        hashSync(password: Uint8Array, options: { algorithm: 'argon2id'; memoryCost: number; timeCost: number }): string
        verifySync(password: Uint8Array, hash: string): boolean
      }
    }
  | undefined

/** KiB of memory and passes of new hashes: OWASP's recommendation of 2023, with one lane. */
const MEMORY = 19456
const PASSES = 2

const MAX_MEMORY = 262144
const MAX_PASSES = 10

/** Bcrypt looks at no more bytes of a password. */
const MAX_BCRYPT_PASSWORD = 72

/** What is verified for users who can't log in, so that it takes as long; nobody knows its password. */
const DECOY =
  '$argon2id$v=19$m=19456,t=2,p=1$Rcfch0bbboffWQY8ymu0GjLm9kq0G8agWV8Z1Nh+oyQ$wsTX70aQlmgKnPgAhfcBZRZ55JFRNyV8OByuSgarHcI'

/** Of what kind a hash is; `unusable`: none of ours, or too dear. */
export type HashKind = 'locked' | 'argon2id' | 'bcrypt' | 'unusable'

const ARGON2ID = /^\$argon2id\$v=19\$m=([0-9]+),t=([0-9]+),p=[1-9][0-9]*\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/
const BCRYPT = /^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$/

/** The kind of a hash. Pure. */
export function hashKind(hash: string): HashKind {
  if (hash === '' || hash.startsWith('!') || hash.startsWith('*')) return 'locked'
  if (BCRYPT.test(hash)) return 'bcrypt'
  const [, memory = '', passes = ''] = ARGON2ID.exec(hash) ?? []
  const affordable = wholeNumber(memory, MAX_MEMORY) !== undefined && wholeNumber(passes, MAX_PASSES) !== undefined
  return affordable ? 'argon2id' : 'unusable'
}

/**
 * True if the password is the right one. `hash` undefined: there is no such user; that takes as long as a wrong
 * password, and so does a locked one. `unusable`: the hash is, or the runtime can't compute it.
 */
export function verify(password: Uint8Array, hash: string | undefined): boolean | 'unusable' {
  const kind = hash === undefined ? 'locked' : hashKind(hash)
  if (kind === 'unusable' || typeof Bun === 'undefined') return 'unusable'
  const never = kind === 'locked' || (kind === 'bcrypt' && password.length > MAX_BCRYPT_PASSWORD)
  try {
    const right = Bun.password.verifySync(password, never || hash === undefined ? DECOY : hash)
    return right && !never
  } catch {
    return 'unusable'
  }
}

/** A new hash of a password that is not empty; undefined if the runtime can't compute any. */
export function makeHash(password: Uint8Array): string | undefined {
  if (typeof Bun === 'undefined') return undefined
  return Bun.password.hashSync(password, { algorithm: 'argon2id', memoryCost: MEMORY, timeCost: PASSES })
}
