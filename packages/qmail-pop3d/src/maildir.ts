/** The Maildir in the working directory: what is in it, what is sent of it, what QUIT does to it. */
import { OutboundText } from '@moreqmail/smtp/outbound'
import { allowThreads, O_NONBLOCK, O_RDONLY, Reader, sys, type Writer } from '@moreqmail/unix'
import { abandoned, type Listing, type Mailbox, type Message, mailboxOf, pathOf } from './messages.ts'
import { newTop, wanted } from './top.ts'

/** So many messages, and compiled code pays. */
const MANY = 4096

/** Bytes of a message that are in memory at a time. */
const PIECE = 65536

function listing(path: string): Listing | undefined {
  const found = sys.scandir(path)
  return typeof found === 'number' ? undefined : { names: found[0], ends: found[1], facts: found[2] }
}

/** Removes what failed deliveries have left, then finds the messages; undefined if that can't be done. */
export function openMaildir(): Mailbox | undefined {
  const now = Math.floor(sys.clock(0))
  const tmp = listing('tmp')
  if (tmp !== undefined) for (const name of abandoned(tmp, now)) sys.unlink(`tmp/${name}`)
  const fresh = listing('new')
  const seen = listing('cur')
  if (fresh === undefined || seen === undefined) return undefined
  if (fresh.ends.length + seen.ends.length > MANY) allowThreads()
  return mailboxOf(fresh, seen, now)
}

/**
 * Sends a message behind a positive answer, with so many lines of its body. False, and nothing is sent: it can't be
 * opened. `failed` is called when it can't be read to its end.
 */
export function sendMessage(out: Writer, message: Message, lines: number, failed: () => never): boolean {
  // A file that isn't one must not block.
  const fd = sys.open(pathOf(message), O_RDONLY | O_NONBLOCK, 0)
  if (fd < 0) return false
  const input = new Reader(fd, { size: PIECE, failed })
  const text = new OutboundText(PIECE, 'lf')
  const top = newTop(lines)
  out.puts('+OK \r\n')
  for (;;) {
    const piece = input.chunk()
    if (piece.length === 0) break
    const to = wanted(top, piece)
    text.convert(piece, to)
    out.put(text.bytes, 0, text.length)
    if (to < piece.length) break
    input.consume(to)
  }
  sys.close(fd)
  out.puts(text.whole ? '\r\n.\r\n' : '\r\n\r\n.\r\n')
  return true
}

/** Removes what is marked, and takes the rest out of `new`. False if something that is marked could not be removed. */
export function closeMaildir(messages: readonly Message[]): boolean {
  let removed = true
  for (const message of messages) {
    const path = pathOf(message)
    if (message.deleted) removed = sys.unlink(path) >= 0 && removed
    else if (message.fresh) sys.rename(path, `cur/${message.name}:2,`)
  }
  return removed
}
