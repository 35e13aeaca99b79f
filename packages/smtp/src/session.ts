/** What each SMTP command does to a server's session and how it is answered (RFC 5321 section 4). */
import { bytes, latin1 } from '@moreqmail/unix/bytes'
import { entryOf } from '@moreqmail/unix/table'
import { MAX_ADDRESS, parseAddress } from './address.ts'
import { type NulRule, parseCommand } from './command.ts'
import { isUtf8, mailParameters, type Offer, rcptParameters, SYNTAX_ERROR } from './parameters.ts'

const OK = '250 ok'
const FLUSHED = '250 flushed'
const VRFY = "252 send some mail, i'll try my best"
const HELP = '214 notqmail home page: https://notqmail.org'
const READY_FOR_TLS = '220 Ready to start TLS (#5.7.0)'
const NO_TLS_NOW = '454 TLS temporarily not available (#4.7.0)'
const MUST_START_TLS = '530 Must start TLS first (#5.7.0)'
const NO_PARAMETERS = '501 Syntax error (no parameters allowed) (#5.5.4)'
const UNIMPLEMENTED = '502 unimplemented (#5.5.1)'
const MAIL_FIRST = '503 MAIL first (#5.5.1)'
const RCPT_FIRST = '503 RCPT first (#5.5.1)'
const TOO_LONG = '500 line too long (#5.5.2)'
const TOO_MANY = '452 too many recipients (#4.5.3)'

/** Recipients take this much memory at most: each its bytes and some for being there. */
const MAX_KEPT = 32 * 1024 * 1024
const KEPT_EACH = 64

/** These verbs may be part of a group of commands, whose replies go out together (RFC 2920 section 3.1). */
const GROUPED: ReadonlySet<string> = new Set(['mail', 'rcpt', 'rset'])

/** These verbs are open to a client that must start TLS first. */
const BEFORE_TLS: ReadonlySet<string> = new Set(['noop', 'ehlo', 'starttls', 'quit'])

/** What is fixed for a session. */
export interface Settings extends Offer {
  /** The name in the replies to HELO, EHLO and QUIT. */
  readonly greeting: string
  readonly nul: NulRule
  readonly tls: 'none' | 'offered' | 'required'
  /** False if TLS can't be started although the level asks for it. */
  readonly tlsUsable: boolean
  /** The reply to MAIL, RCPT and DATA of a client that may not send; undefined: it may. */
  readonly stranger?: string | undefined
}

/** An open mail transaction. */
export interface Transaction {
  readonly sender: string
  readonly utf8: boolean
  readonly recipients: string[]
  /** How many recipients the policy was asked for. */
  tried: number
  /** Memory taken by the recipients. */
  kept: number
}

/** Accepted, with the address to keep (for MAIL and RCPT); or refused. */
export type Decision = { readonly accept: string } | Refusal

export interface Refusal {
  /** The reply, without its last CR LF; undefined for none. */
  readonly refuse: string | undefined
  /** The session ends with this exit code. */
  readonly exit?: number
}

/** What a program decides by itself. Each function may read and write, but returns only when the command is decided. */
export interface Policy {
  readonly helo: (name: string) => Decision
  /** The address to go on with, undefined if it is none; before its length is judged. */
  readonly rewrite: (address: string) => string | undefined
  readonly mail: (sender: string, session: Session) => Decision
  readonly rcpt: (recipient: string, session: Session, transaction: Transaction) => Decision
  /** Before the transaction is used up: a refusal keeps it. */
  readonly data: (session: Session, transaction: Transaction) => Decision
  /** Says 354, takes the message, passes it on: the reply, or none and the end. */
  readonly message: (session: Session, transaction: Transaction) => Decision
  readonly rset: () => void
  /** Has put TLS in the place of the plain connection when it returns. */
  readonly startTls: () => void
}

export interface Session {
  readonly settings: Settings
  readonly policy: Policy
  underTls: boolean
  /** The argument of the last HELO or EHLO; undefined before. */
  helo: string | undefined
  transaction: Transaction | undefined
}

export function newSession(settings: Settings, policy: Policy): Session {
  return { settings, policy, underTls: false, helo: undefined, transaction: undefined }
}

/** What is to be done when a command has been executed. */
export interface Step {
  /** Without its last CR LF; undefined for none. */
  readonly reply: string | undefined
  /** The session ends with this exit code. */
  readonly exit?: number | undefined
  /** Input that has come is to be thrown away; once the reply is out, TLS begins. */
  readonly startTls?: true
}

type Verb = (session: Session, argument: string) => Step

const VERBS: Readonly<Record<string, Verb>> = {
  helo: (session, name) => hello(session, name, () => `250 ${session.settings.greeting}`),
  ehlo: (session, name) => hello(session, name, () => capabilities(session)),
  mail,
  rcpt,
  data,
  rset: (session) => {
    session.transaction = undefined
    session.policy.rset()
    return { reply: FLUSHED }
  },
  noop: () => ({ reply: OK }),
  vrfy: () => ({ reply: VRFY }),
  help: () => ({ reply: HELP }),
  starttls,
  quit: (session) => ({ reply: `221 ${session.settings.greeting}`, exit: 0 }),
}

/** Executes one line, which comes without its LF. */
export function command(session: Session, line: Uint8Array): Step & { readonly flush: boolean } {
  const { verb, argument } = parseCommand(line, session.settings.nul)
  return { ...execute(session, verb, argument), flush: !GROUPED.has(verb) }
}

function execute(session: Session, verb: string, argument: string): Step {
  if (session.settings.tls === 'required' && !session.underTls && !BEFORE_TLS.has(verb))
    return { reply: MUST_START_TLS }
  const run = entryOf(VERBS, verb)
  return run === undefined ? { reply: UNIMPLEMENTED } : run(session, argument)
}

function refused({ refuse, exit }: Refusal): Step {
  return { reply: refuse, exit }
}

function hello(session: Session, name: string, reply: () => string): Step {
  const decision = session.policy.helo(name)
  if ('refuse' in decision) return refused(decision)
  session.helo = name
  session.transaction = undefined
  return { reply: reply() }
}

/** The reply to EHLO: the name and what is on offer. */
function capabilities({ settings, underTls }: Session): string {
  const lines = [settings.greeting]
  if (settings.tls !== 'none' && settings.tlsUsable && !underTls) lines.push('STARTTLS')
  lines.push('PIPELINING')
  if (settings.smtputf8) lines.push('SMTPUTF8')
  lines.push(`SIZE ${settings.databytes}`, '8BITMIME')
  return lines.map((line, i) => `250${i < lines.length - 1 ? '-' : ' '}${line}`).join('\r\n')
}

/** The address of MAIL or RCPT, rewritten, with what stands behind it; undefined if it is none. */
function addressOf(session: Session, argument: string): { address: string; rest: string } | undefined {
  // Where a NUL has become a LF there is no other LF.
  if (argument.includes('\n')) return undefined
  const { address, rest } = parseAddress(argument)
  const rewritten = session.policy.rewrite(address)
  return rewritten === undefined || rewritten.length > MAX_ADDRESS ? undefined : { address: rewritten, rest }
}

/** The same string in memory of its own: a part of a line would keep the whole line. */
function copy(text: string): string {
  return latin1(bytes(text))
}

function mail(session: Session, argument: string): Step {
  const { settings, policy } = session
  if (settings.stranger !== undefined) return { reply: settings.stranger }
  const found = addressOf(session, argument)
  if (found === undefined) return { reply: SYNTAX_ERROR }
  const parameters = mailParameters(found.rest, settings)
  if (typeof parameters === 'string') return { reply: parameters }
  if (parameters.utf8 && !isUtf8(found.address)) return { reply: SYNTAX_ERROR }
  const decision = policy.mail(found.address, session)
  if ('refuse' in decision) return refused(decision)
  session.transaction = { sender: copy(decision.accept), utf8: parameters.utf8, recipients: [], tried: 0, kept: 0 }
  return { reply: OK }
}

function rcpt(session: Session, argument: string): Step {
  const { settings, policy, transaction } = session
  if (settings.stranger !== undefined) return { reply: settings.stranger }
  if (transaction === undefined) return { reply: MAIL_FIRST }
  const found = addressOf(session, argument)
  if (found === undefined) return { reply: SYNTAX_ERROR }
  const error = rcptParameters(found.rest)
  if (error !== undefined) return { reply: error }
  if (transaction.utf8 && !isUtf8(found.address)) return { reply: SYNTAX_ERROR }
  if (transaction.kept > MAX_KEPT) return { reply: TOO_MANY }
  transaction.tried++
  const decision = policy.rcpt(found.address, session, transaction)
  if ('refuse' in decision) return refused(decision)
  transaction.recipients.push(copy(decision.accept))
  transaction.kept += decision.accept.length + KEPT_EACH
  return { reply: OK }
}

function data(session: Session): Step {
  const { settings, policy, transaction } = session
  if (settings.stranger !== undefined) return { reply: settings.stranger }
  if (transaction === undefined) return { reply: MAIL_FIRST }
  if (transaction.recipients.length === 0) return { reply: RCPT_FIRST }
  const decision = policy.data(session, transaction)
  if ('refuse' in decision) return refused(decision)
  session.transaction = undefined
  const result = policy.message(session, transaction)
  return 'refuse' in result ? refused(result) : { reply: result.accept }
}

function starttls(session: Session, argument: string): Step {
  const { settings, underTls } = session
  if (settings.tls === 'none' || underTls) return { reply: UNIMPLEMENTED }
  if (argument !== '') return { reply: NO_PARAMETERS } // RFC 3207 section 4
  if (!settings.tlsUsable) return { reply: NO_TLS_NOW }
  return { reply: READY_FOR_TLS, startTls: true }
}

/** Where commands come from: `long` is a line that was too long and is gone. */
export interface Input {
  line(): Uint8Array | 'eof' | 'long'
  /** Throws away what has come but was not taken. */
  discard(): void
}

export interface Output {
  puts(text: string): void
  flush(): void
}

/** Executes commands until the session ends: its exit code, or `eof` if the client has gone. Replies are out then. */
export function serve(session: Session, input: Input, output: Output): number | 'eof' {
  for (;;) {
    const line = input.line()
    if (line === 'eof') return 'eof'
    const step = line === 'long' ? { reply: TOO_LONG, flush: true } : command(session, line)
    // RFC 3207 section 6: nothing that came in the clear counts once TLS has begun.
    if (step.startTls) input.discard()
    if (step.reply !== undefined) output.puts(`${step.reply}\r\n`)
    if (step.flush || step.exit !== undefined) output.flush()
    if (step.exit !== undefined) return step.exit
    if (step.startTls) {
      session.policy.startTls()
      session.underTls = true
      session.helo = undefined
      session.transaction = undefined
    }
  }
}
