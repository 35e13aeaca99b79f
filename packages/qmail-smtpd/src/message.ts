/** Takes a message from the client and hands it to the queue. */
import { utcDate } from '@moreqmail/message/date'
import { type QueueRun, queueFailure, startQueue } from '@moreqmail/queue'
import {
  type Body,
  type Decision,
  type Ends,
  MAX_HOPS,
  newBody,
  receivedLine,
  type Session,
  TOO_BIG,
  type Transaction,
  unstuff,
} from '@moreqmail/smtp/server'
import { env, type Reader, sys } from '@moreqmail/unix'
import type { Client } from './client.ts'

const GO_AHEAD = '354 go ahead\r\n'
const NO_QUEUE = '451 qqt failure (#4.3.0)'
const STRAY_LF = '451 See https://cr.yp.to/docs/smtplf.html.'
const LOOP = '554 too many hops, this message is looping (#5.4.6)'

/** Takes the message of a transaction: what to answer. `headers` go behind our Received line. */
export function takeMessage(
  { input, output }: Client,
  session: Session,
  transaction: Transaction,
  ends: Ends,
  headers: () => string,
): Decision {
  const queue = startQueue()
  if (queue === undefined) return { refuse: NO_QUEUE }
  output.puts(GO_AHEAD)
  output.flush()
  queue.puts(traceLine(session, transaction, ends) + headers())
  const { databytes } = session.settings
  const body = newBody()
  copyBody(input, queue, body, databytes)
  // The queue program's envelope ends without a byte: it takes nothing.
  if (body.state === 'stray') return { refuse: STRAY_LF, exit: 1 }
  if (body.state === 'open') return { refuse: undefined, exit: 1 }
  const fault = faultOf(body, databytes)
  if (fault !== undefined) {
    queue.abandon()
    return { refuse: fault }
  }
  const failure = queueFailure(queue.finish(transaction))
  if (failure !== undefined) return { refuse: `${failure.permanent ? 554 : 451} ${failure.text}` }
  return { accept: `250 ok ${Math.floor(sys.clock(0))} qp ${queue.pid}` }
}

/** Why a message can't be taken, however it goes on; undefined if it can. */
function faultOf(body: Body, databytes: number): string | undefined {
  if (body.hops >= MAX_HOPS) return LOOP
  return databytes > 0 && body.size > databytes ? TOO_BIG : undefined
}

/** Copies the message until it ends, the client is gone or the message has to be given up. */
function copyBody(input: Reader, queue: QueueRun, body: Body, databytes: number): void {
  let chunk = input.buffered
  while (body.state === 'open') {
    const { taken, stored } = unstuff(body, chunk)
    if (faultOf(body, databytes) === undefined) queue.put(chunk, 0, stored)
    input.consume(taken)
    // What was not taken has no meaning without more.
    if (body.state === 'open' && !input.more()) return
    chunk = input.buffered
  }
}

function traceLine({ helo, underTls }: Session, { utf8 }: Transaction, ends: Ends): string {
  const plain = utf8 ? 'UTF8SMTP' : underTls ? 'ESMTP' : 'SMTP'
  return receivedLine(ends, {
    helo,
    protocol: underTls ? `${plain}S` : plain,
    tls: underTls ? [env('SSL_PROTOCOL') ?? '', env('SSL_CIPHER') ?? ''] : [],
    date: utcDate(sys.clock(0)),
  })
}
