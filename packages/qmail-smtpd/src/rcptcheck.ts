/** Asks the program in $RCPTCHECK whether a recipient has a mailbox. */
import type { Refusal } from '@moreqmail/smtp/server'
import { EAGAIN, ENOMEM, type Environment, environment, O_RDWR, run, sys } from '@moreqmail/unix'

const NO_MAILBOX: Refusal = { refuse: '553 sorry, no mailbox here by that name. (#5.1.1)' }
const CANNOT_TELL: Refusal = { refuse: '421 unable to verify recipient (#4.3.0)', exit: 1 }
const CANNOT_RUN: Refusal = { refuse: '421 unable to execute recipient check (#4.3.0)', exit: 1 }
const CANNOT_FORK: Refusal = { refuse: '421 unable to fork (#4.3.0)', exit: 1 }

/** What the plugins' variables are called: with them qmail-rcptcheck would take itself for a plugin. */
const PLUGIN_NAMES = [
  'SMTPHELOHOST',
  'SMTPMAILFROM',
  'SMTPRCPTTO',
  'SMTPRCPTHOSTSOK',
  'SMTPRCPTCOUNT',
  'SMTPRCPTCOUNTALL',
]

/** Runs the check: why the recipient is refused, undefined if it is not. A check never sees the client's connection. */
export function checkRecipient(
  program: string,
  sender: string,
  recipient: string,
  helo: string | undefined,
): Refusal | undefined {
  const nothing = sys.open('/dev/null', O_RDWR, 0)
  const stdio = nothing < 0 ? 'closed' : nothing
  const status = run([program], {
    path: program,
    env: checkEnvironment({ SENDER: sender, RECIPIENT: recipient, HELOHOST: helo }),
    fds: [
      [0, stdio],
      [1, stdio],
    ],
  })
  if (nothing >= 0) sys.close(nothing)
  if (typeof status === 'number') return status === -EAGAIN || status === -ENOMEM ? CANNOT_FORK : CANNOT_RUN
  switch (status.code) {
    case 100:
      return NO_MAILBOX
    case 111:
      return CANNOT_TELL
    case -1: // a signal
    case 120:
      return CANNOT_RUN
    default:
      return undefined
  }
}

function checkEnvironment(question: Readonly<Record<string, string | undefined>>): Environment {
  return environment()
    .with(question)
    .remove((name) => PLUGIN_NAMES.includes(name))
}
