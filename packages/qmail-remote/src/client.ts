/** A try in which a UCSPI client connects, and qmail-smtpc sends the message. */
import { runChild } from './child.ts'
import type { TlsWish } from './deliver.ts'
import { NO_RESOURCES, notRunnable } from './failure.ts'
import { afterClient, giveUp, type Outcome } from './outcome.ts'
import { isShortage, programOf, type Sending } from './program.ts'
import type { Target } from './target.ts'

/** Runs the client of this line of control/ucspiclient. */
export function tryClient(line: string, sending: Sending, target: Target, tls: TlsWish): Outcome {
  const { settings, host, sender, recipients } = sending
  const { words, env, most } = programOf(line, sending, target, tls)
  const argv = [...words, 'qmail-smtpc', host, sender, ...recipients]
  const [program = ''] = argv
  const ended = runChild({ argv, env, most })
  if (typeof ended === 'object') return afterClient(ended, program, settings.timeoutConnect)
  return giveUp(ended === undefined || isShortage(ended) ? NO_RESOURCES : notRunnable(program))
}
