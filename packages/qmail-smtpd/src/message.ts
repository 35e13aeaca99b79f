/** The way of a message through this server: its trace line and the plugins' headers go before it. */
import { utcDate } from '@moreqmail/message/date'
import {
  type Decision,
  type Ends,
  MAX_HOPS,
  newBody,
  receivedLine,
  type Session,
  type Transaction,
} from '@moreqmail/smtp/server'
import { type Client, takeMessage } from '@moreqmail/smtp-io'
import { env, sys } from '@moreqmail/unix'

const LOOP = '554 too many hops, this message is looping (#5.4.6)'

/** Takes the message of a transaction: what to answer. `headers` go behind our Received line. */
export function receiveMessage(
  client: Client,
  session: Session,
  transaction: Transaction,
  ends: Ends,
  headers: () => string,
): Decision {
  const body = newBody()
  return takeMessage(client, session, transaction, body, (queue) => {
    queue.puts(traceLine(session, transaction, ends) + headers())
    return {
      put: (bytes) => queue.put(bytes),
      end: () => {},
      fault: () => (body.hops >= MAX_HOPS ? LOOP : undefined),
    }
  })
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
