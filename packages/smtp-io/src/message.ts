/** Takes a message from the client and hands it to the queue program. */
import { type QueueRun, queueFailure, startQueue } from '@moreqmail/queue'
import { type Body, type Decision, type Session, TOO_BIG, type Transaction, unstuff } from '@moreqmail/smtp/server'
import { type Reader, sys } from '@moreqmail/unix'
import type { Client } from './client.ts'

const GO_AHEAD = '354 go ahead\r\n'
const NO_QUEUE = '451 qqt failure (#4.3.0)'
const STRAY_LF = '451 See https://cr.yp.to/docs/smtplf.html.'

/** What a server does with the message on its way to the queue program. */
export interface Passage {
  /** Takes the next bytes of the message; they are gone when it returns. */
  readonly put: (bytes: Uint8Array) => void
  /** The message has come whole. */
  readonly end: () => void
  /** The reply to a message that can't be taken, however it goes on; undefined if it can. Asked after each `put`. */
  readonly fault: () => string | undefined
}

/**
 * Takes the message of a transaction, as the body says: what to answer. `begin` gives the message its way to the queue
 * program, once that runs and the client has been told to go ahead.
 */
export function takeMessage(
  { input, output, endings }: Client,
  { settings }: Session,
  transaction: Transaction,
  body: Body,
  begin: (queue: QueueRun) => Passage,
): Decision {
  const queue = startQueue()
  if (queue === undefined) return { refuse: NO_QUEUE }
  output.puts(GO_AHEAD)
  output.flush()
  const passage = begin(queue)
  const { databytes } = settings
  const fault = (): string | undefined =>
    passage.fault() ?? (databytes > 0 && body.size > databytes ? TOO_BIG : undefined)
  copyMessage(input, body, passage, fault)
  // The queue program's envelope ends without a byte: it takes nothing.
  if (body.state === 'stray') return { refuse: STRAY_LF, exit: endings.failed }
  if (body.state === 'open') return { refuse: undefined, exit: endings.gone }
  if (fault() === undefined) passage.end()
  const refusal = fault()
  if (refusal !== undefined) {
    queue.abandon()
    return { refuse: refusal }
  }
  const failure = queueFailure(queue.finish(transaction))
  if (failure !== undefined) return { refuse: `${failure.permanent ? 554 : 451} ${failure.text}` }
  return { accept: `250 ok ${Math.floor(sys.clock(0))} qp ${queue.pid}` }
}

/** Passes the message on until it ends, the client is gone or the message has to be given up. */
function copyMessage(input: Reader, body: Body, passage: Passage, fault: () => string | undefined): void {
  let chunk = input.buffered
  while (body.state === 'open') {
    const { taken, stored } = unstuff(body, chunk)
    if (stored > 0 && fault() === undefined) passage.put(chunk.subarray(0, stored))
    input.consume(taken)
    // What was not taken has no meaning without more.
    if (body.state === 'open' && !input.more()) return
    chunk = input.buffered
  }
}
