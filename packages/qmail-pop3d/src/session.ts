/** What each POP3 command does to the messages and how it is answered (RFC 1939 sections 5-7, RFC 2449). Pure. */
import { parseCommand } from '@moreqmail/smtp/command'
import { leadingNumber } from '@moreqmail/unix/bytes'
import { type Message, uidOf } from './messages.ts'

const OK = '+OK '
const CAPABILITIES = ['+OK capability list follows', 'TOP', 'UIDL', 'USER', 'PIPELINING', '.'].join('\r\n')
const UNIMPLEMENTED = '-ERR unimplemented'
const NO_NUMBER = '-ERR syntax error'
const ZERO = '-ERR messages are counted from 1'
const TOO_LARGE = '-ERR not that many messages'
const DELETED = '-ERR already deleted'
export const TOO_LONG = '-ERR line too long'

export interface Session {
  readonly messages: readonly Message[]
  /** The highest number marked for deletion since the start or RSET. */
  last: number
}

/** What is to be done when a command has been executed: an answer (without its last CR LF), a message to send, or the end. */
export type Step =
  | { readonly reply: string }
  | { readonly send: Message /** Of the body; Infinity: all. */; readonly lines: number }
  | { readonly quit: true }

type Verb = (session: Session, argument: string) => Step

const VERBS: Readonly<Record<string, Verb>> = {
  stat: ({ messages }) => ({ reply: `${OK}${total(messages.filter((message) => !message.deleted))}` }),
  list: (session, argument) => table(session, argument, (message) => String(message.size)),
  uidl: (session, argument) => table(session, argument, uidOf),
  retr: send,
  top: send,
  dele: (session, argument) =>
    chosen(session, argument, (message, number) => {
      message.deleted = true
      session.last = Math.max(session.last, number)
      return { reply: OK }
    }),
  rset: (session) => {
    for (const message of session.messages) message.deleted = false
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
  const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  return run === undefined ? { reply: UNIMPLEMENTED } : run(session, argument)
}

function total(messages: readonly Message[]): string {
  return `${messages.length} ${messages.reduce((sum, { size }) => sum + size, 0)}`
}

/** Does something with the message whose number begins the argument, or says why not. */
function chosen({ messages }: Session, argument: string, use: (message: Message, number: number) => Step): Step {
  const number = leadingNumber(argument)
  if (number === undefined) return { reply: NO_NUMBER }
  if (number === 0) return { reply: ZERO }
  const message = messages[number - 1]
  if (message === undefined) return { reply: TOO_LARGE }
  return message.deleted ? { reply: DELETED } : use(message, number)
}

/** One fact of the message that the argument names, or of each that is there. */
function table(session: Session, argument: string, fact: (message: Message) => string): Step {
  const line = (message: Message, number: number): string => `${number} ${fact(message)}`
  if (argument !== '') return chosen(session, argument, (message, n) => ({ reply: OK + line(message, n) }))
  const lines = session.messages.flatMap((message, i) => (message.deleted ? [] : [`${line(message, i + 1)}\r\n`]))
  return { reply: `${OK}\r\n${lines.join('')}.` }
}

/** RETR and TOP are one: a second number limits the lines of the body, without it all are sent. */
function send(session: Session, argument: string): Step {
  return chosen(session, argument, (message) => {
    const lines = leadingNumber(argument.replace(/^[0-9]+ */, '')) ?? Number.POSITIVE_INFINITY
    return { send: message, lines }
  })
}
