/** A try in which we connect ourselves: all of the conversation if it stays in clear, else its start. */
import {
  authenticate,
  Connection,
  conclude,
  messageOn,
  newTalk,
  readGreeting,
  sayHello,
  sendEnvelope,
  sendMessage,
  startTls,
  tlsPolicy,
} from '@moreqmail/smtp/client'
import { allowThreads, errorText, sys } from '@moreqmail/unix'
import { runChild } from './child.ts'
import { SUBMISSIONS } from './client-words.ts'
import { connect } from './connect.ts'
import type { TlsWish } from './deliver.ts'
import { NO_RESOURCES, tlsFailed } from './failure.ts'
import { afterTls, giveUp, type Outcome, reported } from './outcome.ts'
import { isShortage, programOf, type Sending } from './program.ts'
import type { Target } from './target.ts'

const MESSAGE = 0

/** Connects to the address and sends the message. */
export function tryDirectly(sending: Sending, target: Target, tls: TlsWish): Outcome {
  const { settings, route } = sending
  const fd = connect(target.ip, route.port, settings.outgoingIp, settings.timeoutConnect)
  if (fd === 'no resources') return giveUp(NO_RESOURCES)
  if (typeof fd === 'string') return { kind: 'unreachable', timedOut: fd === 'timed out' }
  const result = route.port === SUBMISSIONS ? 'tls' : converse(sending, target, tls, fd)
  if (result === 'tls') return goOnInTls(sending, target, tls, fd)
  sys.close(fd)
  return reported(result)
}

/** The report, or 'tls' if the server waits for the handshake now. */
function converse(sending: Sending, { ip, name }: Target, tls: TlsWish, fd: number): string {
  const { settings, route, sender, recipients, source, exists } = sending
  const { helohost, clearPasswords, smtputf8, strictness } = settings
  let agreed = false
  const talk = newTalk({
    peer: new Connection(sys, fd, fd, settings.timeoutRemote || Number.POSITIVE_INFINITY),
    message: messageOn(sys, MESSAGE, allowThreads, source.stream),
    ip,
    helohost,
    sender,
    recipients,
    credentials: route.credentials,
    clearPasswords,
    smtputf8,
    tls: {
      policy: tlsPolicy({ name, wish: tls, strictness, exists }),
      // Not in this process: for it the conversation is over then.
      start: () => {
        agreed = true
        return false
      },
    },
  })
  const ending = readGreeting(talk) ?? sayHello(talk) ?? startTls(talk)
  if (agreed) return 'tls'
  return conclude(talk, ending ?? authenticate(talk) ?? sendEnvelope(talk) ?? sendMessage(talk))
}

/** Hands the connection to a program that does TLS, with qmail-remote-io behind it. */
function goOnInTls(sending: Sending, target: Target, tls: TlsWish, fd: number): Outcome {
  const { settings, sender, recipients } = sending
  const { words, env, most } = programOf(settings.tlsClient, sending, target, tls)
  const options = ['-t', String(settings.timeoutRemote), '-6', '6', '-7', '7', '-h', settings.helohost, '--']
  const argv = [...words, 'qmail-remote-io', ...options, target.ip, sender, ...recipients]
  // Others need not be prepared for what suits us.
  sys.nonblock(fd, 0)
  const ended = runChild({ argv, env, connection: fd, most })
  if (typeof ended === 'object') return afterTls(ended, target.ip)
  if (ended === undefined || isShortage(ended)) return giveUp(NO_RESOURCES)
  return reported(tlsFailed(target.ip, `unable to run ${argv[0]}: ${errorText(ended)}`))
}
