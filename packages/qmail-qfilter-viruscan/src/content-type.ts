/** What a Content-Type field says about where parts begin. Pure. */
import { lower } from '@moreqmail/unix/bytes'

/** What of a content type matters here. */
export interface ContentType {
  /** The part is a message with a header of its own. */
  readonly isMessage: boolean
  /** Lines between parts begin with two dashes and this; undefined if there are no parts. */
  readonly boundary: string | undefined
}

const MESSAGE = 'message/rfc822'
const BOUNDARY = 'boundary='

/** Takes apart what follows the colon of the field; folded lines are joined as they are. */
export function parseContentType(value: string): ContentType {
  const isMessage = lower(word(value, skipBlanks(value, 0))) === MESSAGE
  for (const at of parameters(value)) {
    const from = skipBlanks(value, at)
    const to = from + BOUNDARY.length
    if (lower(value.slice(from, to)) === BOUNDARY) return { isMessage, boundary: word(value, to) }
  }
  return { isMessage, boundary: undefined }
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}

/** The quoted string that begins there, or what comes before the next blank or semicolon. */
function word(text: string, from: number): string {
  const quoted = text[from] === '"'
  const start = quoted ? from + 1 : from
  const ends = quoted ? '"' : ' \t;'
  let end = start
  while (end < text.length && !ends.includes(text.charAt(end))) end++
  return text.slice(start, end)
}

/** Where parameters begin: behind semicolons that are not in quotes. A quote that nothing closes is a byte like others. */
function* parameters(value: string): Generator<number> {
  let open = -1
  for (let at = 0; at < value.length; at++) {
    const c = value[at]
    if (open >= 0 && c === '\\') at++
    else if (c === '"') open = open < 0 ? at : -1
    else if (c === ';' && open < 0) yield at + 1
  }
  if (open < 0) return
  for (let at = value.indexOf(';', open); at >= 0; at = value.indexOf(';', at + 1)) yield at + 1
}
