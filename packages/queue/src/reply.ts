/** What the end of a queue program means to the client whose message it was given. */
import { latin1, NUL } from '@moreqmail/unix/bytes'

/** Refused: for good or for now, and why, as qmail words it. */
export interface QueueFailure {
  readonly permanent: boolean
  readonly text: string
}

/** How a queue program has ended. */
export interface QueueEnd {
  /** Its exit code; `crashed`: killed by a signal; `lost`: it could not be waited for. */
  readonly code: number | 'crashed' | 'lost'
  /** True if it stopped reading before everything was written. */
  readonly cut: boolean
  /** What it wrote on descriptor 6, of which 255 bytes count. */
  readonly custom: Uint8Array
}

/** Of a custom error text no more than this counts. */
export const MAX_CUSTOM = 255

/** Exit code of a queue program that could not be run. */
export const CANNOT_RUN = 120

const READ_ERROR = 54
const CUSTOM = 82

const TEXTS: ReadonlyMap<number, string> = new Map([
  [11, 'Denvelope address too long for qq (#5.1.3)'],
  [31, 'Dmail server permanently rejected message (#5.3.0)'],
  [51, 'Zqq out of memory (#4.3.0)'],
  [52, 'Zqq timeout (#4.3.0)'],
  [53, 'Zqq write error or disk full (#4.3.0)'],
  [READ_ERROR, 'Zqq read error (#4.3.0)'],
  [55, 'Zqq unable to read configuration (#4.3.0)'],
  [56, 'Zqq trouble making network connection (#4.3.0)'],
  [61, 'Zqq trouble in home directory (#4.3.0)'],
  [62, 'Zqq trouble creating files in queue (#4.3.0)'],
  [63, 'Zqq trouble creating files in queue (#4.3.0)'],
  [64, 'Zqq trouble creating files in queue (#4.3.0)'],
  [65, 'Zqq trouble creating files in queue (#4.3.0)'],
  [66, 'Zqq trouble creating files in queue (#4.3.0)'],
  [71, 'Zmail server temporarily rejected message (#4.3.0)'],
  [72, 'Zconnection to mail server timed out (#4.4.1)'],
  [73, 'Zconnection to mail server rejected (#4.4.1)'],
  [74, 'Zcommunication with mail server failed (#4.4.2)'],
  [81, 'Zqq internal bug (#4.3.0)'],
  [91, 'Zqq internal bug (#4.3.0)'],
  [115, 'Denvelope address too long for qq (#5.1.3)'],
  [CANNOT_RUN, 'Zunable to exec qq (#4.3.0)'],
])

const PERMANENT = 'Dqq permanent problem (#5.3.0)'
const TEMPORARY = 'Zqq temporary problem (#4.3.0)'
const CRASHED = 'Zqq crashed (#4.3.0)'
const LOST = 'Zqq waitpid surprise (#4.3.0)'

/** Why the message was not taken; undefined if it was. */
export function queueFailure({ code, cut, custom }: QueueEnd): QueueFailure | undefined {
  if (code === 0 && !cut) return undefined
  const text = textOf(code === 0 ? READ_ERROR : code, custom)
  return { permanent: text.startsWith('D'), text: text.slice(1) }
}

function textOf(code: number | 'crashed' | 'lost', custom: Uint8Array): string {
  if (code === 'crashed') return CRASHED
  if (code === 'lost') return LOST
  if (code === CUSTOM) return customText(custom) ?? TEMPORARY
  return TEXTS.get(code) ?? (code >= 11 && code <= 40 ? PERMANENT : TEMPORARY)
}

/** The program's own text with its letter; undefined if there is none. It can't hold the end of a reply line. */
function customText(custom: Uint8Array): string | undefined {
  const counted = custom.subarray(0, MAX_CUSTOM)
  if (counted.length < 3) return undefined
  const letter = counted[0] === 68 ? 'D' : 'Z'
  const nul = counted.indexOf(NUL, 1)
  const text = latin1(counted, 1, nul < 0 ? counted.length : nul)
  const line = (/^[^\r\n]*/.exec(text)?.[0] ?? '').replace(/[\x01-\x1f\x7f]/g, '?')
  return line === '' ? undefined : letter + line
}
