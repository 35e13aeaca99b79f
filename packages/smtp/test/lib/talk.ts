/** Whole conversations with a server made of a few answers. */
import { bytes } from '@moreqmail/unix/bytes'
import { Connection } from '../../src/client-connection.ts'
import {
  conclude,
  type Message,
  newTalk,
  readGreeting,
  type Stage,
  sayHello,
  sendEnvelope,
  sendMessage,
  type Talk,
} from '../../src/conversation.ts'
import { type Behaviour, FakeServer } from './fake-server.ts'

/** What the server says instead of its usual: to a command (its beginning), or to `greeting`, `text` (the message). */
export type Answers = Readonly<Record<string, string>>

const USUAL: Answers = {
  greeting: '220 mx\r\n',
  EHLO: '250 mx\r\n',
  HELO: '250 mx\r\n',
  MAIL: '250 ok\r\n',
  RCPT: '250 ok\r\n',
  DATA: '354 go\r\n',
  text: '250 queued\r\n',
  QUIT: '221 bye\r\n',
}

/** Answers line by line, and the message at its end. */
export function answering(answers: Answers): (heard: string) => string {
  const all = { ...USUAL, ...answers }
  const keys = Object.keys(all).sort((a, b) => b.length - a.length)
  let rest = ''
  let inText = false
  return (heard) => {
    let said = ''
    rest += heard
    for (;;) {
      const end = inText ? (rest.startsWith('.\r\n') ? 3 : rest.indexOf('\r\n.\r\n') + 5) : rest.indexOf('\r\n') + 2
      if (end < (inText ? 3 : 2) || (inText && end === 4)) return said
      const line = rest.slice(0, end)
      rest = rest.slice(end)
      const key = inText ? 'text' : keys.find((key) => line.startsWith(key))
      const answer = key === undefined ? '500 what\r\n' : (all[key] ?? '')
      inText = !inText && line === 'DATA\r\n' && answer.startsWith('354')
      said += answer
    }
  }
}

export interface Setting {
  readonly answers?: Answers
  readonly server?: Behaviour
  readonly sender?: string
  readonly recipients?: readonly string[]
  readonly text?: string
  readonly message?: Partial<Message>
  readonly talk?: Partial<Talk>
  readonly stages?: readonly Stage[]
}

export const STAGES: readonly Stage[] = [readGreeting, sayHello, sendEnvelope, sendMessage]

/** A message that is read in pieces of at most so many bytes. */
export function messageOf(text: string, piece = 1e9): Message {
  let at = 0
  const all = bytes(text)
  return {
    size: undefined,
    endsPartial: () => false,
    head: () => '',
    read: (into, offset, length) => {
      const part = all.subarray(at, at + Math.min(length, piece))
      into.set(part, offset)
      at += part.length
      return part.length
    },
  }
}

/** Plays it: the report, and all that the server has heard. */
export function converse(setting: Setting = {}): { report: string; heard: string; server: FakeServer } {
  const answers = setting.answers ?? {}
  const server = new FakeServer({
    greeting: answers['greeting'] ?? '220 mx\r\n',
    answer: answering(answers),
    ...setting.server,
  })
  const talk = newTalk({
    peer: new Connection(server, 6, 7, 10),
    ip: 'IP',
    helohost: 'me',
    sender: setting.sender ?? 's@x',
    recipients: setting.recipients ?? ['r@y'],
    credentials: undefined,
    clearPasswords: false,
    tls: { policy: 'never', start: undefined },
    smtputf8: true,
    ...setting.talk,
    message: { ...messageOf(setting.text ?? 'hi\n'), ...setting.message },
  })
  for (const stage of setting.stages ?? STAGES) {
    const ending = stage(talk)
    if (ending !== undefined) return { report: conclude(talk, ending), heard: server.heard, server }
  }
  throw new Error('the conversation has no end')
}
