/** The way of a message through this server: its header is kept until it is complete, rewritten, and goes first. */
import { HeaderBuffer, rewriteHeader, type Submission } from '@moreqmail/message'
import type { QueueRun } from '@moreqmail/queue'
import { TOO_BIG } from '@moreqmail/smtp/server'
import type { Passage } from '@moreqmail/smtp-io'
import { allowThreads, LF, sys } from '@moreqmail/unix'

/** A header of more bytes is too big: it is held in memory. */
export const MAX_HEADER = 8 * 1024 * 1024

/** For a header of so many bytes compiled code pays. */
const MUCH = 16384

/** Passes a message on to the queue program; its body goes as it comes. */
export function rewritingPassage(queue: QueueRun, submission: Submission): Passage {
  let collected: HeaderBuffer | undefined = new HeaderBuffer(MAX_HEADER)
  let tooBig = false

  const putHeader = ({ header, rest }: HeaderBuffer): void => {
    if (header.length > MUCH) allowThreads()
    rewriteHeader(sys.latin1(header, 0, header.length), submission, (text) => queue.puts(text))
    if (rest.length > 0 && rest[0] !== LF) queue.puts('\n')
    queue.put(rest)
    collected = undefined
  }
  return {
    put: (bytes) => {
      if (collected === undefined) {
        queue.put(bytes)
        return
      }
      collected.add(bytes)
      if (collected.state === 'ended') putHeader(collected)
      else tooBig = collected.state === 'long'
    },
    end: () => {
      if (collected !== undefined) putHeader(collected)
    },
    fault: () => (tooBig ? TOO_BIG : undefined),
  }
}
