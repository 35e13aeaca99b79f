/** Asks the program in $RCPTCHECK whether a recipient has a mailbox. */
import { REPLY, verdictOf } from '@moreqmail/rcptcheck'
import type { Refusal } from '@moreqmail/smtp/server'
import { EAGAIN, ENOMEM, environment, manyRuns, O_RDWR, sys } from '@moreqmail/unix'

const CANNOT_FORK: Refusal = { refuse: '421 unable to fork (#4.3.0)', exit: 1 }

/** What is not a refusal of this recipient alone ends the session. */
const REFUSALS = {
  reject: { refuse: REPLY.reject },
  defer: { refuse: REPLY.defer, exit: 1 },
  broken: { refuse: REPLY.broken, exit: 1 },
} satisfies Record<keyof typeof REPLY, Refusal>

/** Without the plugins' variables: with them qmail-rcptcheck would take itself for a plugin. */
const NO_PLUGIN = {
  SMTPHELOHOST: undefined,
  SMTPMAILFROM: undefined,
  SMTPRCPTTO: undefined,
  SMTPRCPTHOSTSOK: undefined,
  SMTPRCPTCOUNT: undefined,
  SMTPRCPTCOUNTALL: undefined,
}

/** Asks about one recipient: why it is refused, undefined if it is not. */
export type RecipientCheck = (sender: string, recipient: string, helo: string | undefined) => Refusal | undefined

/** A client that has named more recipients than this is likely to name many. */
const MANY = 2

/** A way to ask the program, once for each recipient. It never sees the client's connection. */
export function recipientCheck(program: string): RecipientCheck {
  const run = manyRuns(MANY)
  let nothing: number | undefined
  return (sender, recipient, helo) => {
    if (nothing === undefined || nothing < 0) nothing = sys.open('/dev/null', O_RDWR, 0)
    const stdio = nothing < 0 ? 'closed' : nothing
    const status = run([program], {
      path: program,
      env: environment().with({ ...NO_PLUGIN, SENDER: sender, RECIPIENT: recipient, HELOHOST: helo }),
      fds: [
        [0, stdio],
        [1, stdio],
      ],
    })
    if (status === -EAGAIN || status === -ENOMEM) return CANNOT_FORK
    const verdict = typeof status === 'number' ? 'broken' : verdictOf(status.code)
    return verdict === 'accept' ? undefined : REFUSALS[verdict]
  }
}
