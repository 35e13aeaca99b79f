/** The header that a submitted message gets: completed, its addresses rewritten, in a fixed order (mess822). Pure. */
import { parseAddresses } from './address-list.ts'
import { type CalendarTime, timeDigits, writeDate } from './date.ts'
import { parseDate } from './date-field.ts'
import { LISTS, type ListName, type Ranges, takeApart, unfold } from './fields.ts'
import { LinesFromEnd } from './from-end.ts'
import { type HostRule, rewriteAddress } from './host-rules.ts'
import { foldField, writeEntry, writeNamed } from './writing.ts'

const NOT_SHOWN = 'Cc: recipient list not shown: ;\n'

/** Output comes in pieces of some multiples of this, but for the last one. */
const PIECE = 32768

/** What has to be known besides the header. */
export interface Submission {
  /** The Received line, which goes first. */
  readonly received: string
  /** What hosts of addresses become. */
  readonly rules: readonly HostRule[]
  /** The envelope sender: takes the place of a missing From. */
  readonly sender: string
  /** The sender's name as the administrator has it: then this and the sender take the place of any From. */
  readonly name: string | undefined
  /** Takes the place of a missing Date. */
  readonly time: CalendarTime
  /** A new message identifier, without its brackets, that begins with these digits of the date. */
  readonly newId: (digits: string) => string
}

/** Puts out the new header for a header, which is a byte string of whole lines, each ended by LF. */
export function rewriteHeader(header: string, submission: Submission, put: (text: string) => void): void {
  let text = submission.received
  const out = (more: string): void => {
    text = `${text}${more}`
    if (text.length < PIECE) return
    put(text)
    text = ''
  }
  const { top, id, other, dates, lists } = takeApart(header)
  const date = lastDate(header, dates) ?? submission.time
  const items = (name: ListName): LinesFromEnd => listItems(header, lists[name], submission.rules)
  const to = items('To')
  const cc = items('Cc')

  putRanges(header, top, out)
  out(`Date: ${writeDate(date)}\n`)
  if (id.length > 0) putRanges(header, id, out)
  else out(`Message-ID: <${submission.newId(timeDigits(date))}>\n`)
  const from = submission.name === undefined ? items('From') : undefined
  if (from === undefined || from.count === 0) out(`From: ${senderItem(submission)}\n`)
  for (const name of LISTS) {
    if (name === 'To' && to.count === 0 && cc.count === 0) out(NOT_SHOWN)
    const list = name === 'From' ? from : name === 'To' ? to : name === 'Cc' ? cc : items(name)
    if (list !== undefined && list.count > 0) foldField(name, list, out)
  }
  putRanges(header, other, out)
  put(text)
}

/** The last date that is one. */
function lastDate(header: string, dates: Ranges): CalendarTime | undefined {
  for (let i = dates.length - 2; i >= 0; i -= 2) {
    const date = parseDate(unfold(header, dates[i] ?? 0, dates[i + 1] ?? 0))
    if (date !== undefined) return date
  }
  return undefined
}

/**
 * The items of the list that some fields make together. A note that stands alone right before an address without one
 * belongs to it, whatever is between them.
 */
function listItems(header: string, fields: Ranges, rules: readonly HostRule[]): LinesFromEnd {
  const items = new LinesFromEnd()
  let waiting: string | undefined
  const settle = (note = ''): void => {
    if (waiting !== undefined) items.add(writeEntry(waiting, note))
    waiting = undefined
  }
  const take = (address: string | undefined, note: string): void => {
    const whole = address === undefined ? undefined : rewriteAddress(address, rules)
    if (whole === undefined && waiting !== undefined) settle(note)
    else {
      settle()
      if (whole !== undefined && note === '') waiting = whole
      else items.add(writeEntry(whole, note))
    }
  }
  for (let i = fields.length - 2; i >= 0; i -= 2)
    parseAddresses(unfold(header, fields[i] ?? 0, fields[i + 1] ?? 0), take)
  settle()
  return items
}

function senderItem({ name, sender }: Submission): string {
  return name === undefined ? writeEntry(sender, '') : writeNamed(name, sender)
}

function putRanges(header: string, ranges: Ranges, out: (text: string) => void): void {
  for (let i = 0; i < ranges.length; i += 2) {
    const to = ranges[i + 1] ?? 0
    for (let at = ranges[i] ?? 0; at < to; at += PIECE) out(header.slice(at, Math.min(to, at + PIECE)))
  }
}
