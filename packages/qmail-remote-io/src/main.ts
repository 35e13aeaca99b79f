/** qmail-remote-io: the rest of a conversation whose start qmail-remote has made. */
import {
  authenticate,
  breaksOut,
  Connection,
  conclude,
  messageOn,
  newTalk,
  parseKeywords,
  readGreeting,
  type Stage,
  sayHello,
  sendEnvelope,
  sendMessage,
} from '@moreqmail/smtp/client'
import { allowThreads, args, chdirHome, controlNumber, env, exit, NO_DELAY, sys, Writer } from '@moreqmail/unix'
import { parseOptions, replyOf } from './options.ts'

export const synopsis =
  'qmail-remote-io [ -t secs ] [ -6 fdr ] [ -7 fdw ] [ -h helohost ] [ -- ] ip sender recip [ recip ... ]'

const MESSAGE = 0
const REPORT = 1

export function main(): never {
  const options = parseOptions(args())
  if (typeof options === 'string') report(`Dqmail-remote-io: ${options}\n\0`)
  const { timeout, readFrom, writeTo, helohost, rest } = options
  const [ip, sender, ...recipients] = rest
  if (ip === undefined || sender === undefined || recipients.length === 0) {
    report('Dqmail-remote-io: too few arguments\n\0')
  }
  if (chdirHome() < 0) report('ZUnable to switch to home directory. (#4.3.0)\n\0')
  const unusable = () => report('ZUnable to read control files. (#4.3.0)\n\0')
  if ([sender, ...recipients].some(breaksOut)) {
    report('DSorry, I refuse to send an envelope address with a line break in it. (#5.1.3)\n\0')
  }
  const user = env('SMTPC_USER')
  sys.setsockopt(writeTo, NO_DELAY, 1)
  const talk = newTalk({
    peer: new Connection(sys, readFrom, writeTo, timeout || Number.POSITIVE_INFINITY),
    message: messageOn(sys, MESSAGE, allowThreads),
    ip,
    helohost: helohost ?? '',
    sender,
    recipients,
    credentials: user ? { user, password: env('SMTPC_PASS') ?? '' } : undefined,
    clearPasswords: controlNumber('authclear', 0, unusable) !== 0,
    smtputf8: controlNumber('smtputf8', 1, unusable) !== 0,
    tls: { policy: 'never', start: undefined },
  })
  talk.secure = helohost !== undefined
  const begin: Stage = helohost === undefined ? adoptKeywords : env('SMTPC_SMTPS') === undefined ? sayHello : greet
  report(conclude(talk, begin(talk) ?? authenticate(talk) ?? sendEnvelope(talk) ?? sendMessage(talk)))
}

/** Goes on behind an EHLO that has been answered; without a word about that, it was HELO. */
const adoptKeywords: Stage = (talk) => {
  const keywords = env('SMTPC_EHLO')
  if (keywords === undefined) return undefined
  talk.extended = true
  talk.keywords = parseKeywords({ code: 250, text: replyOf(keywords) })
  return undefined
}

const greet: Stage = (talk) => readGreeting(talk) ?? sayHello(talk)

/** Writes the report; nobody is left to be told if that fails. */
function report(text: string): never {
  const out = new Writer(REPORT)
  out.puts(text)
  out.flush()
  exit(0)
}
