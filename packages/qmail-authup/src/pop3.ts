/** POP3 up to the login: which commands there are and how they are answered (RFC 1939, RFC 2449, RFC 2595). Pure. */
import { splitCommand } from '@moreqmail/smtp/command'
import { NUL } from '@moreqmail/unix/bytes'
import { entryOf } from '@moreqmail/unix/table'
import { copyOf } from './credentials.ts'
import type { Dialogue, Facts, Step } from './protocol.ts'

const OK: Step = { reply: '+OK ' }
const BYE: Step = { reply: '+OK ', next: 'end' }
const READY_FOR_TLS: Step = { reply: '+OK starting TLS negotiation', next: 'tls' }
const NO_STLS: Step = { reply: '-ERR STLS not available' }
const SYNTAX: Step = { reply: '-ERR authup syntax error' }
const USER_FIRST: Step = { reply: '-ERR authup USER first' }
const LOGIN_FIRST: Step = { reply: '-ERR authup authorization first' }
const TOO_LONG: Step = { fault: 'long' }

interface Session {
  readonly facts: Facts
  underTls: boolean
  name: Uint8Array | undefined
}

type Verb = (session: Session, argument: Uint8Array) => Step

const VERBS: Readonly<Record<string, Verb>> = {
  capa: (session) => ({ reply: capabilities(session) }),
  stls: ({ facts, underTls }) => {
    if (facts.tls === 'none' || underTls) return NO_STLS
    return facts.tlsUsable ? READY_FOR_TLS : { fault: 'tls' }
  },
  user: (session, name) => {
    if (tooEarly(session)) return { fault: 'needTls' }
    if (name.length === 0) return SYNTAX
    forget(session)
    session.name = copyOf(name)
    return OK
  },
  pass: (session, password) => {
    const { name } = session
    if (name === undefined) return USER_FIRST
    if (password.length === 0) return SYNTAX
    // RFC 1939 section 7: after a failure the client starts over.
    session.name = undefined
    return { login: { name, password: copyOf(password) } }
  },
  noop: () => OK,
  quit: () => BYE,
}

/** A POP3 session that begins. */
export function pop3Dialogue(facts: Facts): Dialogue {
  const session: Session = { facts, underTls: false, name: undefined }
  return {
    protocol: 'pop3',
    greeting: `+OK ${facts.timestamp}`,
    timestamp: facts.timestamp,
    take: (line) => take(session, line),
    startOver: () => {
      session.underTls = true
      forget(session)
    },
  }
}

function take(session: Session, line: Uint8Array | 'long'): Step {
  if (line === 'long') return TOO_LONG
  if (line.includes(NUL)) return SYNTAX
  const { verb, argument } = splitCommand(line)
  const run = entryOf(VERBS, verb)
  return run === undefined ? LOGIN_FIRST : run(session, argument)
}

function forget(session: Session): void {
  session.name?.fill(0)
  session.name = undefined
}

/** True while the client may not log in, since everybody on the way could read the password. */
function tooEarly({ facts, underTls }: Session): boolean {
  return facts.tls === 'required' && !underTls
}

/** The reply to CAPA. */
function capabilities(session: Session): string {
  const { facts, underTls } = session
  const lines = ['+OK capability list follows']
  if (facts.tls !== 'none' && facts.tlsUsable && !underTls) lines.push('STLS')
  // RFC 2595 section 2.2
  if (!tooEarly(session)) lines.push('USER')
  return [...lines, ...facts.capabilities, '.'].join('\r\n')
}
