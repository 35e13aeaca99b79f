/** SMTP up to the login: which commands there are and how they are answered (RFC 4954, RFC 3207, RFC 6409). Pure. */
import { splitCommand } from '@moreqmail/smtp/command'
import { NUL } from '@moreqmail/unix/bytes'
import { entryOf } from '@moreqmail/unix/table'
import { type Credentials, loginField, plainCredentials, withoutBlanks } from './credentials.ts'
import type { Dialogue, Facts, Step } from './protocol.ts'

const ASK_RESPONSE = '334 '
const ASK_NAME = '334 VXNlcm5hbWU6'
const ASK_PASSWORD = '334 UGFzc3dvcmQ6'
const READY_FOR_TLS = '220 Ready to start TLS (#5.7.0)'
const UNIMPLEMENTED = '502 unimplemented (#5.5.1)'
const LOGIN_FIRST = '530 authup authentication required (#5.7.1)'
const OK = '250 ok'
const FLUSHED = '250 flushed'
const HELP = '214 authup home page: https://www.npmjs.com/package/moreqmail'

const TOO_LONG: Step = { fault: 'long' }
const MALFORMED: Step = { fault: 'input' }
const CANCELLED: Step = { fault: 'cancelled' }

const STAR = 42

/** What the next line is to be, within AUTH. */
type Exchange =
  | { readonly wants: 'response' }
  | { readonly wants: 'name' }
  | { readonly wants: 'password'; readonly name: Uint8Array }

interface Session {
  readonly facts: Facts
  underTls: boolean
  exchange: Exchange | undefined
}

type Verb = (session: Session, argument: Uint8Array) => Step

const VERBS: Readonly<Record<string, Verb>> = {
  helo: ({ facts }) => ({ reply: `250 ${facts.greeting}` }),
  ehlo: (session) => ({ reply: capabilities(session) }),
  starttls: ({ facts, underTls }) => {
    if (facts.tls === 'none' || underTls) return { reply: UNIMPLEMENTED }
    return facts.tlsUsable ? { reply: READY_FOR_TLS, next: 'tls' } : { fault: 'tls' }
  },
  auth,
  quit: ({ facts }) => ({ reply: `221 ${facts.greeting}`, next: 'end' }),
  noop: () => ({ reply: OK }),
  rset: () => ({ reply: FLUSHED }),
  help: () => ({ reply: HELP }),
}

/** An SMTP session that begins. */
export function smtpDialogue(facts: Facts): Dialogue {
  const session: Session = { facts, underTls: false, exchange: undefined }
  return {
    protocol: 'smtp',
    greeting: `220 ${facts.greeting} ESMTP`,
    timestamp: '',
    take: (line) => take(session, line),
    startOver: () => {
      session.underTls = true
      session.exchange = undefined
    },
  }
}

function take(session: Session, line: Uint8Array | 'long'): Step {
  const { exchange } = session
  session.exchange = undefined
  const step = line === 'long' ? TOO_LONG : line.includes(NUL) ? MALFORMED : understand(session, exchange, line)
  // The name of an exchange that has come to nothing.
  if (exchange?.wants === 'password' && !('login' in step)) exchange.name.fill(0)
  return step
}

function understand(session: Session, exchange: Exchange | undefined, line: Uint8Array): Step {
  if (exchange !== undefined) return isStar(line) ? CANCELLED : respond(session, exchange, line)
  const { verb, argument } = splitCommand(line)
  const run = entryOf(VERBS, verb)
  return run === undefined ? { reply: LOGIN_FIRST } : run(session, argument)
}

/** True for the line by which a client gives up. */
function isStar(line: Uint8Array): boolean {
  return line.length === 1 && line[0] === STAR
}

/** True while the client may not log in, since everybody on the way could read the password. */
function tooEarly({ facts, underTls }: Session): boolean {
  return facts.tls === 'required' && !underTls
}

/** The reply to EHLO. */
function capabilities(session: Session): string {
  const { facts, underTls } = session
  const lines = [facts.greeting]
  if (facts.tls !== 'none' && facts.tlsUsable && !underTls) lines.push('STARTTLS')
  // RFC 4954 section 4: a client that sees them may send its password at once.
  if (!tooEarly(session)) {
    lines.push('AUTH LOGIN PLAIN')
    if (facts.brokenClients) lines.push('AUTH=LOGIN PLAIN')
  }
  lines.push(...facts.capabilities)
  return lines.map((line, i) => `250${i < lines.length - 1 ? '-' : ' '}${line}`).join('\r\n')
}

function auth(session: Session, argument: Uint8Array): Step {
  if (tooEarly(session)) return { fault: 'needTls' }
  const { verb: mechanism, argument: initial } = splitCommand(withoutBlanks(argument))
  if (mechanism === 'plain') {
    if (initial.length > 0) return respond(session, { wants: 'response' }, initial)
    session.exchange = { wants: 'response' }
    return { reply: ASK_RESPONSE }
  }
  if (mechanism === 'login') {
    if (initial.length > 0) return respond(session, { wants: 'name' }, initial)
    session.exchange = { wants: 'name' }
    return { reply: ASK_NAME }
  }
  return { fault: 'mechanism' }
}

/** Goes on with AUTH: a response that came on a line of its own, or with the command. RFC 4954 section 4 */
function respond(session: Session, exchange: Exchange, line: Uint8Array): Step {
  const text = withoutBlanks(line)
  if (exchange.wants === 'response') return loggingIn(plainCredentials(text))
  const field = loginField(text)
  if (field === undefined) return MALFORMED
  if (exchange.wants === 'password') return loggingIn({ name: exchange.name, password: field })
  session.exchange = { wants: 'password', name: field }
  return { reply: ASK_PASSWORD }
}

function loggingIn(credentials: Credentials | undefined): Step {
  return credentials === undefined ? MALFORMED : { login: credentials }
}
