/** What becomes of each field of a submitted message, by its name. Pure. */
import { lower } from '@moreqmail/unix/bytes'

/** The fields that are address lists, as they are written, in the order in which they are. */
export const LISTS = [
  'From',
  'Sender',
  'Reply-To',
  'Mail-Reply-To',
  'Mail-Followup-To',
  'To',
  'Cc',
  'Notice-Requested-Upon-Delivery-To',
] as const
export type ListName = (typeof LISTS)[number]

/** `top`, `id`, `other`: kept byte for byte, each kind at its place; `none`: left out. */
type Kind = 'top' | 'id' | 'other' | 'date' | 'none' | ListName

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['received', 'top'],
  ['delivered-to', 'top'],
  ['errors-to', 'top'],
  ['return-receipt-to', 'top'],
  ['resent-sender', 'top'],
  ['resent-from', 'top'],
  ['resent-reply-to', 'top'],
  ['resent-to', 'top'],
  ['resent-cc', 'top'],
  ['resent-date', 'top'],
  ['resent-message-id', 'top'],
  ['message-id', 'id'],
  ['date', 'date'],
  ['bcc', 'none'],
  ['resent-bcc', 'none'],
  ['return-path', 'none'],
  ['apparently-to', 'none'],
  ['content-length', 'none'],
  ['from', 'From'],
  ['sender', 'Sender'],
  ['reply-to', 'Reply-To'],
  ['mail-reply-to', 'Mail-Reply-To'],
  ['mail-followup-to', 'Mail-Followup-To'],
  ['to', 'To'],
  ['cc', 'Cc'],
  ['notice-requested-upon-delivery-to', 'Notice-Requested-Upon-Delivery-To'],
])

/** No name that means something is longer. */
const LONGEST = 'notice-requested-upon-delivery-to'.length

/** Ranges of a header: from, to, from, to... */
export type Ranges = readonly number[]

/** A header taken apart. */
export interface Fields {
  readonly top: Ranges
  readonly id: Ranges
  readonly other: Ranges
  /** What is behind the colons, with line feeds. */
  readonly dates: Ranges
  /** Likewise, for each name. */
  readonly lists: Readonly<Record<ListName, Ranges>>
}

/** Takes apart a header, a byte string of whole lines each of which is a field or continues one. */
export function takeApart(header: string): Fields {
  const kept = { top: [] as number[], id: [] as number[], other: [] as number[] }
  const dates: number[] = []
  const lists = Object.fromEntries(LISTS.map((name) => [name, [] as number[]])) as Record<ListName, number[]>
  // What continues no field is left out.
  const first = startsBlank(header, 0) ? endOfField(header, 0) : 0
  for (let from = first, to = 0; from < header.length; from = to) {
    to = endOfField(header, from)
    const colon = header.indexOf(':', from)
    const kind = kindOf(header, from, colon)
    if (kind === 'top' || kind === 'id' || kind === 'other') add(kept[kind], from, to)
    else if (kind !== 'none') (kind === 'date' ? dates : lists[kind]).push(colon + 1, to)
  }
  return { ...kept, dates, lists }
}

/** The text of a field without line ends; a line feed then stands for a NUL, as in host rules. */
export function unfold(header: string, from: number, to: number): string {
  return header.slice(from, to).replaceAll('\n', '').replaceAll('\0', '\n')
}

/** Behind the last line of the field that begins there. */
function endOfField(header: string, from: number): number {
  let at = from
  do {
    const lf = header.indexOf('\n', at)
    at = lf < 0 ? header.length : lf + 1
  } while (startsBlank(header, at))
  return at
}

function startsBlank(header: string, at: number): boolean {
  return at < header.length && (header[at] === ' ' || header[at] === '\t')
}

function kindOf(header: string, from: number, colon: number): Kind {
  let to = colon
  while (startsBlank(header, to - 1)) to--
  return to - from > LONGEST ? 'other' : (KINDS.get(lower(header.slice(from, to))) ?? 'other')
}

/** Adds a range, joined to the last one if they touch. */
function add(ranges: number[], from: number, to: number): void {
  if (ranges.at(-1) === from) ranges[ranges.length - 1] = to
  else ranges.push(from, to)
}
