/** What filters make of a message. */
import { type Command, copyToFile, encodeEnvelope, Filtering, LONGEST_WORD } from '@moreqmail/filter'
import { bytes, fileKind, sys, temporaryFile } from '@moreqmail/unix'
import { firstLetter, firstLine } from './captured.ts'
import type { Order } from './order.ts'
import * as say from './report.ts'

/** Ends the program with a report. */
type Report = (text: string) => never

const MESSAGE = 0
const WORDS = 2

/** Runs all the filters of an order: message and envelope as they leave them. If one has the last word, that is reported. */
export function filtered(order: Order, report: Report): Filtering {
  const filtering = begin(order, report)
  for (const command of order.filters) run(filtering, command, order, report)
  return filtering
}

/** The message and its envelope in files. That of the queue is read as it stands, and never written to. */
function begin(order: Order, report: Report): Filtering {
  const message = fileKind(MESSAGE) === 'file' ? MESSAGE : copyToFile(MESSAGE)
  if (typeof message !== 'number') report(message.side === 'read' ? say.NO_MESSAGE : say.NO_FILE)
  if (sys.pread(message, new Uint8Array(1), 0, 1, 0) < 0) report(say.NO_MESSAGE)
  const file = newFile(report)
  const envelope = bytes(encodeEnvelope(order))
  if (sys.write(file, envelope, 0, envelope.length) !== envelope.length) report(say.NO_FILE)
  const filtering = Filtering.of(message, file, LONGEST_WORD)
  return typeof filtering === 'string' ? report(say.NO_FILE) : filtering
}

/** Runs one filter. */
function run(filtering: Filtering, command: Command, { host, recipients }: Order, report: Report): void {
  const [name] = command
  const { addresses } = filtering
  const words = newFile(report)
  const failure = filtering.run(command, {
    variables: {
      QMAILPPID: String(sys.getppid()),
      RFILTERHOST: host,
      DOMAIN: host,
      _SENDER: addresses.sender,
      _RECIPIENT: addresses.recipients[0],
    },
    fds: [[WORDS, words]],
  })
  const ended = (code: number): never => {
    const letter = code === say.WITH_LETTER ? firstLetter(words) : ''
    const line = firstLine(words, say.MAX_TEXT, letter.length)
    report(say.reportOf({ filter: name, code, letter, line }, recipients.length))
  }
  if (failure?.kind === 'exit') ended(failure.code)
  if (failure?.kind === 'signal') ended(-1)
  if (failure?.kind === 'unable') report(say.notRun(name))
  if (failure?.kind === 'file') report(say.NO_FILE)
  const complete = filtering.addresses.recipients.length === recipients.length
  if (failure?.kind === 'envelope' || !complete) report(say.badEnvelope(name))
  sys.close(words)
}

function newFile(report: Report): number {
  const file = temporaryFile()
  return file < 0 ? report(say.NO_FILE) : file
}
