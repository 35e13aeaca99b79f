/** What filters find in their environment about the message and its envelope. Pure. */
import type { Envelope } from '@moreqmail/queue/envelope'

/** The variables that change with the message or its envelope; undefined: it has to be unset. */
export type Variables = Readonly<Record<string, string | undefined>>

/** The variables of a message; sizes in bytes. A sender without `@` is all user and has an empty host. */
export function filterVariables(
  { sender, recipients }: Envelope,
  envelopeSize: number,
  messageSize: number,
): Variables {
  const at = sender.lastIndexOf('@')
  return {
    QMAILUSER: at < 0 ? sender : sender.slice(0, at),
    QMAILHOST: at < 0 ? '' : sender.slice(at + 1),
    QMAILNAME: undefined,
    QMAILRCPTS: recipients.map((recipient) => `${recipient}\n`).join(''),
    NUMRCPTS: String(recipients.length),
    ENVSIZE: String(envelopeSize),
    MSGSIZE: String(messageSize),
  }
}
