/** qmail-qfilter-viruscan: refuses messages with a part that begins with a signature. */
import { bytes, chdirHome, controlList, env, exit, fileKind, note, Reader, sys } from '@moreqmail/unix'
import { Scanner } from './scanner.ts'

export const synopsis = 'qmail-qfilter-viruscan'

const REFUSED = 31
const NO_MEMORY = 51
const READ_ERROR = 54
const CONFIGURATION = 55
const REFUSED_WITH_TEXT = 82

const TEXT_FD = 6
const TEXT = "Dwe don't accept email with such content (#5.3.4)"

export function main(): never {
  // Before anything else is opened, which might get this number.
  const kind = fileKind(TEXT_FD)
  if (chdirHome() < 0) exit(CONFIGURATION)
  const list = controlList('signatures', () => exit(CONFIGURATION))
  if (list === undefined) exit(0)
  const scanner = new Scanner([...list.entries()])
  const message = new Reader(0, { failed: () => exit(READ_ERROR) })
  for (let piece = message.chunk(); piece.length > 0; piece = message.chunk()) {
    if (scanner.take(piece) !== undefined) break
    message.consume(piece.length)
  }
  const finding = scanner.end()
  if (finding === 'too much') exit(NO_MEMORY)
  if (finding === undefined) exit(0)
  note(`qfilter: viruscan ${env('QMAILPPID') ?? sys.getppid()} ${env('TCPREMOTEIP') ?? 'unknown'} ${finding.signature}`)
  refuse(kind === 'pipe' || kind === 'socket')
}

function refuse(textWanted: boolean): never {
  const text = bytes(TEXT)
  exit(textWanted && sys.write(TEXT_FD, text, 0, text.length) === text.length ? REFUSED_WITH_TEXT : REFUSED)
}
