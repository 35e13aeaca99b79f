/** Who may submit mail, as whom, and what becomes of it. */
import type { Cdb } from '@moreqmail/cdb'
import { parseSenderName, rewriteAddress, type SenderName, utcTime, writeDate } from '@moreqmail/message'
import { connectionEnds, newBody, type Policy, type Session, type Transaction } from '@moreqmail/smtp/server'
import { type Client, takeMessage } from '@moreqmail/smtp-io'
import { type Descriptors, startTls } from '@moreqmail/ucspi-tls'
import { env, environment, exit, sys } from '@moreqmail/unix'
import { rewritingPassage } from './message.ts'
import { loginLine, trustedLine } from './received.ts'
import type { Configuration } from './settings.ts'

const BAD_NAMES = '451 unable to read cdb (#4.3.0)'

/** What qmail-ofmipd decides in a session; `user` has logged in, if it is not empty. */
export function ofmipdPolicy(
  { rules, idHost, timeout }: Configuration,
  client: Client,
  names: Cdb | undefined,
  user: string,
  descriptors: Descriptors | undefined,
): Policy {
  const ends = connectionEnds(env)
  let name: string | undefined
  let identifiers = 0
  const newId = (digits: string): string => `${digits}.${++identifiers}.${sys.getpid()}.qmail@${idHost}`

  const trace = ({ helo }: Session, { utf8 }: Transaction, date: string): string => {
    if (user === '') return trustedLine(ends, date)
    return loginLine(ends, { user, helo, utf8, tls: [env('SSL_PROTOCOL') ?? '', env('SSL_CIPHER') ?? ''] }, date)
  }
  return {
    helo: (host) => ({ accept: host }),
    // Controls have no place in an envelope, and a CR would end up in the From line.
    rewrite: (address) => (/[\x00-\x1f\x7f]/.test(address) ? undefined : rewriteAddress(address, rules)),
    mail: (sender, session) => {
      const found = findName(names, sender)
      if (found === 'damaged') {
        session.transaction = undefined
        return { refuse: BAD_NAMES }
      }
      name = found?.name
      return { accept: found?.address ?? sender }
    },
    rcpt: (recipient) => ({ accept: recipient }),
    data: () => ({ accept: '' }),
    message: (session, transaction) => {
      const time = utcTime(sys.clock(0))
      const received = trace(session, transaction, writeDate(time))
      const submission = { received, rules, sender: transaction.sender, name, time, newId }
      return takeMessage(client, session, transaction, newBody('accepted'), (queue) =>
        rewritingPassage(queue, submission),
      )
    },
    rset: () => {},
    startTls: () => {
      if (descriptors === undefined || !startTls(descriptors, environment(), { timeout })) exit(client.endings.gone)
    },
  }
}

/** What the database says of a sender; undefined if there is nothing. */
function findName(names: Cdb | undefined, sender: string): SenderName | 'damaged' | undefined {
  const data = names?.getText(sender)
  if (data === undefined) return undefined
  return typeof data === 'number' ? 'damaged' : (parseSenderName(data) ?? 'damaged')
}
