/** qmail-qfilter-viruscan: refuses messages with a part that begins with a signature. */
import { FILTER_EXIT, type Refuse, refusal } from '@moreqmail/filter'
import { chdirHome, controlList, env, exit, note, Reader, sys } from '@moreqmail/unix'
import { Scanner } from './scanner.ts'

export const synopsis = 'qmail-qfilter-viruscan'

export function main(): never {
  const refuse: Refuse = refusal()
  if (chdirHome() < 0) exit(FILTER_EXIT.configuration)
  const list = controlList('signatures', () => exit(FILTER_EXIT.configuration), 'ends')
  if (list === undefined) exit(0)
  const scanner = new Scanner(list.entries())
  const message = new Reader(0, { failed: () => exit(FILTER_EXIT.readError) })
  for (let piece = message.chunk(); piece.length > 0; piece = message.chunk()) {
    if (scanner.take(piece) !== undefined) break
    message.consume(piece.length)
  }
  const finding = scanner.end()
  if (finding === 'too much') exit(FILTER_EXIT.noMemory)
  if (finding === undefined) exit(0)
  note(`qfilter: viruscan ${env('QMAILPPID') ?? sys.getppid()} ${env('TCPREMOTEIP') ?? 'unknown'} ${finding.signature}`)
  refuse("we don't accept email with such content", '5.3.4')
}
