/** Being a filter: what it was given, what it gives back, and how it says no. */
import type { Envelope } from '@moreqmail/queue/envelope'
import { bytes, type Errno, env, exit, fileKind, sys, Writer } from '@moreqmail/unix'
import { type CopyFault, copyToFile } from './copy.ts'
import { type EnvelopeFault, encodeEnvelope, envelopeFrom } from './envelope.ts'

/** Exit codes of a filter of qmail-qfilter, which hands all but `done` and `dropped` on: they are qmail-queue's. */
export const FILTER_EXIT = {
  done: 0,
  refused: 31,
  noMemory: 51,
  writeError: 53,
  readError: 54,
  configuration: 55,
  deferred: 71,
  /** The reason is on descriptor 6. */
  refusedWithText: 82,
  badEnvelope: 91,
  dropped: 99,
} as const

/** Exit codes of a filter of qmail-rfilter; the reason is its first line on descriptor 2. */
export const REMOTE_FILTER_EXIT = { done: 0, dropped: 99, permanent: 100, temporary: 111 } as const

/** The code for a copy that has failed. */
export const COPY_EXIT: Readonly<Record<CopyFault['side'], number>> = {
  read: FILTER_EXIT.readError,
  write: FILTER_EXIT.writeError,
}

/** Addresses that qmail-rfilter hands on come from a command line, where no word can be longer. */
export const LONGEST_WORD = 128 * 1024

const MESSAGE = 0
const ENVELOPE = 3
const NEW_ENVELOPE = 4
const TEXT = 6

/** So much of a text reaches the client. */
const MAX_TEXT = 250

/**
 * The envelope on descriptor 3; `none` if that is closed, as when a filter is tried out by hand; what is wrong with it;
 * or a negative errno. To be asked for before anything is opened that might get the number, and once only.
 */
export function givenEnvelope(): Envelope | EnvelopeFault | 'none' | Errno {
  return sys.isopen(ENVELOPE) < 0 ? 'none' : envelopeFrom(ENVELOPE, LONGEST_WORD)
}

/** The sender by the environment, for a filter without an envelope; undefined if nothing is known of it. */
export function senderInEnvironment(): string | undefined {
  const user = env('QMAILUSER')
  const host = env('QMAILHOST')
  if (user === undefined || host === undefined) return env('SENDER')
  return host === '' ? user : `${user}@${host}`
}

/** Gives this envelope back in place of the one that was given: 0 or a negative errno. */
export function giveEnvelope(envelope: Envelope): Errno {
  const out = new Writer(NEW_ENVELOPE)
  out.puts(encodeEnvelope(envelope))
  return out.flush() ? 0 : out.broken
}

/**
 * A descriptor on which the message can be read from offset 0 any number of times: that of the caller, at its beginning,
 * or a temporary file into which it was copied; or how that has failed.
 */
export function givenMessage(): number | CopyFault {
  return sys.lseek(MESSAGE, 0, 0) === 0 ? MESSAGE : copyToFile(MESSAGE)
}

/** Ends a filter of qmail-qfilter: the text without its code (in parentheses), and the RFC 3463 code, as `5.7.1`. */
export type Refuse = (text: string, code: string) => never

/**
 * How a filter of qmail-qfilter says no: for good if the code begins with 5, else for now. The text, with bytes outside
 * 32-126 as `?` and no more than 250 bytes in all, goes to descriptor 6 if the caller listens there; if not, the exit
 * code says it alone. To be asked for before anything is opened that might get the number.
 */
export function refusal(): Refuse {
  const kind = sys.isopen(TEXT) < 0 ? undefined : fileKind(TEXT)
  const heard = kind === 'pipe' || kind === 'socket'
  return (text, code) => {
    const permanent = code.startsWith('5')
    const line = bytes(refusalText(permanent ? 'D' : 'Z', text, code))
    if (heard && sys.write(TEXT, line, 0, line.length) === line.length) exit(FILTER_EXIT.refusedWithText)
    exit(permanent ? FILTER_EXIT.refused : FILTER_EXIT.deferred)
  }
}

/** What a refusal says on descriptor 6. Pure. */
export function refusalText(letter: 'D' | 'Z', text: string, code: string): string {
  const end = ` (#${code})`
  return letter + text.replace(/[^ -~]/g, '?').slice(0, MAX_TEXT - 1 - end.length) + end
}
