/** ofmipname: makes the name database of qmail-ofmipd from lines `key:name:address:`. */
import { type CdbMaker, createCdb } from '@moreqmail/cdb'
import { nameRecord } from '@moreqmail/message/names'
import { args, type Errno, exit, fatal, LF, latin1, programName, Reader, sys, usage } from '@moreqmail/unix'

export const synopsis = 'ofmipname cdb tmp'

const MISUSED = 100
const FAILED = 111

/** Bytes of the longest line. */
const MAX_LINE = 1024 * 1024

export function main(): never {
  const [path, temporary] = args()
  if (path === undefined || temporary === undefined) usage(MISUSED, `${programName()} cdb tmp`)
  const uncreated = (errno: Errno): never => fatal(FAILED, `unable to create ${temporary}`, errno)
  sys.umask(0o033)
  const maker = createCdb(path, { temporary })
  if (typeof maker === 'number') return uncreated(maker)
  for (const line of lines(maker)) {
    const record = nameRecord(line)
    const errno = record === undefined ? 0 : maker.add(...record)
    if (errno < 0) uncreated(errno)
  }
  const errno = maker.complete()
  if (errno < 0) uncreated(errno)
  const moved = maker.install()
  if (moved < 0) fatal(FAILED, `unable to move ${temporary} to ${path}`, moved)
  exit(0)
}

/** The lines of descriptor 0; the last one needs no line feed. */
function* lines(maker: CdbMaker): Generator<string> {
  const unreadable = (text: string, errno?: Errno): never => {
    maker.discard()
    fatal(FAILED, text, errno)
  }
  const input = new Reader(0, { size: MAX_LINE, failed: (errno) => unreadable('unable to read input', errno) })
  let searched = 0
  for (;;) {
    const { buffered } = input
    const lf = buffered.indexOf(LF, searched)
    searched = buffered.length
    if (lf < 0 && input.more()) continue
    if (lf < 0 && buffered.length === MAX_LINE) unreadable('unable to read input: line too long')
    const end = lf < 0 ? buffered.length : lf
    if (end > 0) yield latin1(buffered, 0, end)
    if (lf < 0) return
    input.consume(lf + 1)
    searched = 0
  }
}
