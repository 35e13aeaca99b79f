/** qmail-smtpc: sends the message on 0 to the server on 6 and 7, and reports on 1 as qmail-rspawn wants it. */
import {
  authenticate,
  breaksOut,
  Connection,
  conclude,
  greetInTls,
  messageOn,
  newTalk,
  readGreeting,
  type Stage,
  sayHello,
  sendEnvelope,
  sendMessage,
  startTls,
} from '@moreqmail/smtp/client'
import { allowThreads, args, chdirHome, env, exit, NO_DELAY, sys, Writer } from '@moreqmail/unix'
import { readSettings } from './settings.ts'
import { tlsStarter } from './tls.ts'

export const synopsis = 'qmail-smtpc host sender recip [ recip ... ]'

/** UCSPI's descriptors of a client. */
const FROM_SERVER = 6
const TO_SERVER = 7
const MESSAGE = 0
const REPORT = 1

export function main(): never {
  const [host, sender, ...recipients] = args()
  if (host === undefined || sender === undefined || recipients.length === 0) {
    report('DI (qmail-smtpc) was invoked improperly. (#5.3.5)\n\0')
  }
  if (chdirHome() < 0) report('ZUnable to switch to home directory. (#4.3.0)\n\0')
  const settings = readSettings(host, () => report('ZUnable to read control files. (#4.3.0)\n\0'))
  if ([sender, ...recipients].some(breaksOut)) {
    report('DSorry, I refuse to send an envelope address with a line break in it. (#5.1.3)\n\0')
  }
  // Text is written in large pieces: none of them needs to wait for the acknowledgement of the one before.
  sys.setsockopt(TO_SERVER, NO_DELAY, 1)
  const talk = newTalk({
    ...settings,
    peer: new Connection(sys, FROM_SERVER, TO_SERVER, settings.timeout),
    tls: { policy: settings.tlsPolicy, start: tlsStarter([FROM_SERVER, TO_SERVER], settings.timeout) },
    message: messageOn(sys, MESSAGE, allowThreads),
    sender,
    recipients,
  })
  const greet: Stage = env('SMTPC_SMTPS') === undefined ? readGreeting : greetInTls
  const ending =
    greet(talk) ?? sayHello(talk) ?? startTls(talk) ?? authenticate(talk) ?? sendEnvelope(talk) ?? sendMessage(talk)
  report(conclude(talk, ending))
}

/** Writes the report; nobody is left to be told if that fails. */
function report(text: string): never {
  const out = new Writer(REPORT)
  out.puts(text)
  out.flush()
  exit(0)
}
