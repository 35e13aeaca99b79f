/** qmail-authup: lets a client log in by SMTP or POP3, and then lets another program serve it. */
import { takeOffer } from '@moreqmail/ucspi-tls'
import { args, chdirHome, env, environment, exit, note, sys } from '@moreqmail/unix'
import { type Options, parseOptions, USAGE } from './options.ts'
import { pop3Dialogue } from './pop3.ts'
import type { Facts, Fault } from './protocol.ts'
import { converse, dismiss, type Leave, log, openOutput } from './session.ts'
import { DEFAULT_TIMEOUT, readSettings } from './settings.ts'
import { smtpDialogue } from './smtp.ts'

export const synopsis = 'qmail-authup [-t tries] [-g greeting] smtp|pop3 prog [arg ...]'

/** To qmail-reup: don't run me again. After STARTTLS the next run would talk into the middle of a TLS session. */
const NO_MORE_RUNS = 12

export function main(): never {
  const underReup = env('REUP') !== undefined
  const leave: Leave = (code) => exit(underReup && code !== 0 ? NO_MORE_RUNS : code)
  const options = parseOptions(args(), env('REUPTRIES'))
  if (options === undefined) {
    note(`authup: usage: ${USAGE}`)
    leave(1)
  }
  const fail: (fault: Fault) => never = (fault) =>
    dismiss(openOutput(DEFAULT_TIMEOUT, leave), options.protocol, fault, leave)
  try {
    serve(options, leave, fail)
  } catch (error) {
    // What the engine throws when it can't get memory.
    if (error instanceof RangeError) fail('memory')
    note(`authup: fatal: ${error instanceof Error ? error.message : String(error)}`)
    leave(1)
  }
}

function serve(options: Options, leave: Leave, fail: (fault: Fault) => never): never {
  const { protocol, prog, tries } = options
  const { level, descriptors } = takeOffer(environment())
  for (const name of ['REUP', 'REUPTRIES']) environment().set(name, undefined)
  log(`protocol ${protocol}`)
  if (chdirHome() < 0) fail('control')
  const { greeting, timeout, capabilities } = readSettings(protocol, options.greeting, () => fail('control'))
  const facts: Facts = {
    greeting,
    timestamp: `<${sys.getpid()}.${Math.floor(sys.clock(0))}@${greeting}>`,
    capabilities,
    tls: level,
    tlsUsable: descriptors !== undefined,
    brokenClients: env('AUTHUP_SASL_BROKEN_CLIENTS') !== undefined,
  }
  const dialogue = protocol === 'smtp' ? smtpDialogue(facts) : pop3Dialogue(facts)
  converse(dialogue, { output: openOutput(timeout, leave), timeout, descriptors, prog, tries, leave })
}
