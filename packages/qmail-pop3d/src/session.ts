/** What each POP3 command does to the messages and how it is answered (RFC 1939 sections 5-7, RFC 2449). Pure. */
import { parseCommand } from '@moreqmail/smtp/command'
import { leadingNumber } from '@moreqmail/unix/bytes'
import { entryOf } from '@moreqmail/unix/table'
import { type Mailbox, type Message, uidOf } from './messages.ts'

const OK = '+OK '
const CAPABILITIES = ['+OK capability list follows', 'TOP', 'UIDL', 'USER', 'PIPELINING', '.'].join('\r\n')
const UNIMPLEMENTED = '-ERR unimplemented'
const NO_NUMBER = '-ERR syntax error'
const ZERO = '-ERR messages are counted from 1'
const TOO_LARGE = '-ERR not that many messages'
const DELETED = '-ERR already deleted'
export const TOO_LONG = '-ERR line too long'

export interface Session {
  readonly mailbox: Mailbox
  /** What is marked for deletion. */
  deleted: number
  deletedBytes: number
  /** The highest number marked for deletion since the start or RSET. */
  last: number
}

/** A session at its start. */
export function newSession(mailbox: Mailbox): Session {
  return { mailbox, deleted: 0, deletedBytes: 0, last: 0 }
}

/** What is to be done when a command has been executed: an answer (without its last CR LF), a message to send, or the end. */
export type Step =
  | { readonly reply: string }
  | { readonly send: Message /** Of the body; Infinity: all. */; readonly lines: number }
  | { readonly quit: true }

type Verb = (session: Session, argument: string) => Step

const VERBS: Readonly<Record<string, Verb>> = {
  stat: ({ mailbox, deleted, deletedBytes }) => ({
    reply: `${OK}${mailbox.count - deleted} ${mailbox.bytes - deletedBytes}`,
  }),
  list: (session, argument) => table(session, argument, (message) => String(message.size)),
  uidl: (session, argument) => table(session, argument, uidOf),
  retr: send,
  top: send,
  dele: (session, argument) =>
    chosen(session, argument, (message, number) => {
      message.deleted = true
      session.deleted++
      session.deletedBytes += message.size
      session.last = Math.max(session.last, number)
      return { reply: OK }
    }),
  rset: (session) => {
    if (session.deleted > 0) for (const message of session.mailbox.messages()) message.deleted = false
    session.deleted = 0
    session.deletedBytes = 0
    session.last = 0
    return { reply: OK }
  },
  last: ({ last }) => ({ reply: `${OK}${last}` }),
  noop: () => ({ reply: OK }),
  capa: () => ({ reply: CAPABILITIES }),
  quit: () => ({ quit: true }),
}

/** Executes one line, which comes without its LF. */
export function command(session: Session, line: Uint8Array): Step {
  const { verb, argument } = parseCommand(line, 'cut')
  const run = entryOf(VERBS, verb)
  return run === undefined ? { reply: UNIMPLEMENTED } : run(session, argument)
}

/** Does something with the message whose number begins the argument, or says why not. */
function chosen({ mailbox }: Session, argument: string, use: (message: Message, number: number) => Step): Step {
  const number = leadingNumber(argument)
  if (number === undefined) return { reply: NO_NUMBER }
  if (number === 0) return { reply: ZERO }
  const message = mailbox.messages()[number - 1]
  if (message === undefined) return { reply: TOO_LARGE }
  return message.deleted ? { reply: DELETED } : use(message, number)
}

/** One fact of the message that the argument names, or of each that is there. */
function table(session: Session, argument: string, fact: (message: Message) => string): Step {
  const line = (message: Message, number: number): string => `${number} ${fact(message)}`
  if (argument !== '') return chosen(session, argument, (message, n) => ({ reply: OK + line(message, n) }))
  const lines = session.mailbox
    .messages()
    .flatMap((message, i) => (message.deleted ? [] : [`${line(message, i + 1)}\r\n`]))
  return { reply: `${OK}\r\n${lines.join('')}.` }
}

/** RETR and TOP are one: a second number limits the lines of the body, without it all are sent. */
function send(session: Session, argument: string): Step {
  return chosen(session, argument, (message) => {
    const lines = leadingNumber(argument.replace(/^[0-9]+ */, '')) ?? Number.POSITIVE_INFINITY
    return { send: message, lines }
  })
}
