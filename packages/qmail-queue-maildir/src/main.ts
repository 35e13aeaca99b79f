/** qmail-queue-maildir: stands in for qmail-queue on a host where all mail goes into Maildirs. */
import { bytes, chdirHome, controlLine, controlList, exit, fileKind, List, now, sys } from '@moreqmail/unix'
import { CONFIGURATION, HOME, MAILDIR, REFUSED, REFUSED_WITH_TEXT, WRITE } from './codes.ts'
import { type Copy, deliver, isMaildir } from './deliver.ts'
import { HeaderScan } from './header.ts'
import { takeEnvelope, takeMessage } from './input.ts'
import { distinct, maildirsOf, type Refusal, recipientOf, refusalText } from './mailbox.ts'
import { traceLines } from './trace.ts'

export const synopsis = 'qmail-queue-maildir'

const MESSAGE_FD = 0
const ENVELOPE_FD = 1
const TEXT_FD = 6
const PATIENCE_MS = 24 * 60 * 60 * 1000
const FAILURE_EXIT = { maildir: MAILDIR, write: WRITE } as const

export function main(): never {
  const kind = fileKind(TEXT_FD)
  const textWanted = kind === 'pipe' || kind === 'socket'
  if (chdirHome() < 0) exit(HOME)
  sys.umask(0o077)
  const until = now() + PATIENCE_MS
  const header = new HeaderScan()
  const message = takeMessage(MESSAGE_FD, until, header)
  const { sender, recipients } = takeEnvelope(ENVELOPE_FD, until)
  if (recipients.length === 0) exit(0)

  const refuse = (refusal: Refusal, address: string): never => {
    if (!textWanted) exit(REFUSED)
    const text = bytes(refusalText(refusal, address))
    exit(sys.write(TEXT_FD, text, 0, text.length) === text.length ? REFUSED_WITH_TEXT : REFUSED)
  }
  const me = controlLine('me', misconfigured) || undefined
  const locals = controlList('locals', misconfigured) ?? new List(me ?? misconfigured())
  const maildirOf = maildirsOf(controlList('maildirs', misconfigured) ?? new List(''))
  const taker = { pid: sys.getpid(), uid: sys.getuid(), time: sys.clock(0) }
  const all = recipients.map((address) => recipientOf(address, me) ?? misconfigured())
  const copies = distinct(all).map((recipient): Copy => {
    const { address, domain } = recipient
    if (!locals.has(domain)) refuse('notLocal', address)
    const maildir = maildirOf(recipient) ?? refuse('unknown', address)
    if (header.deliveredTo(address)) refuse('looping', address)
    return { maildir, lines: traceLines(sender, address, taker) }
  })
  if (header.tooManyHops) refuse('tooManyHops', '')
  if (!copies.every(({ maildir }) => isMaildir(maildir))) exit(MAILDIR)
  const failure = deliver(copies, message, taker)
  exit(failure === undefined ? 0 : FAILURE_EXIT[failure])
}

function misconfigured(): never {
  exit(CONFIGURATION)
}
