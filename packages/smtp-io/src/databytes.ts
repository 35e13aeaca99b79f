/** The limit of a message's size. */
import { controlLine, env, leadingInteger, type Unreadable } from '@moreqmail/unix'

/**
 * The most bytes that a message may have, 0: no limit. DATABYTES if it is set, else control/databytes, of which the
 * leading digits count, however many there are.
 */
export function readDatabytes(unreadable: Unreadable): bigint {
  const line = controlLine('databytes', unreadable) ?? ''
  return leadingInteger(env('DATABYTES') ?? line) ?? 0n
}
