/** What the end of a program that was to send the message means. Pure. */
import { notRunnable, tlsFailed } from './failure.ts'
import { examineReport, lastLine, mayGoElsewhere, withTlsReason } from './report.ts'

/** What a try has led to: no connection, or a report, after which another address may be tried or not. */
export type Outcome =
  | { readonly kind: 'unreachable'; readonly timedOut: boolean }
  | { readonly kind: 'reported'; readonly report: string; readonly final: boolean }

/** How a program has ended. */
export interface Ended {
  /** What it has written to descriptor 1. */
  readonly output: string
  /** The end of what it has written to descriptor 2. */
  readonly errors: string
  /** True if it has written `timed out` there. */
  readonly saidTimedOut: boolean
  /** Its exit code; -1 if a signal ended it. */
  readonly code: number
  /** Seconds it has run. */
  readonly seconds: number
}

/** What execvp's callers exit with if the program can't be run or isn't there. */
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

/** A report of our own or of a program that keeps to the rules: a failure before the envelope is no reason to stop. */
export function reported(report: string): Outcome {
  return { kind: 'reported', report, final: !mayGoElsewhere(report) }
}

/** A report after which nothing else is tried, since it would come to the same, or might deliver twice. */
export function giveUp(report: string): Outcome {
  return { kind: 'reported', report, final: true }
}

/** Whoever has crashed may have sent the message before. */
function crashed(output: string, what: string): Outcome {
  return giveUp(`${examineReport(output).recipients}Z${what} crashed.\n\0`)
}

/** How a UCSPI client with qmail-smtpc behind it has ended. `timeout`: seconds for the connection, 0 without limit. */
export function afterClient(ended: Ended, program: string, timeout: number): Outcome {
  const { output, code } = ended
  if (examineReport(output).whole) return reported(withTlsReason(output, lastLine(ended.errors)))
  if (output !== '') return crashed(output, 'qmail-smtpc')
  if (code === NOT_FOUND || code === NOT_EXECUTABLE) return giveUp(notRunnable(program))
  return { kind: 'unreachable', timedOut: ended.saidTimedOut || (timeout > 0 && ended.seconds >= timeout) }
}

/** Exit codes of TLS programs that have not run what was to come behind TLS. */
const NO_TLS: readonly number[] = [96, 97]

/** How a TLS program with qmail-remote-io behind it has ended, on a connection to this address. */
export function afterTls(ended: Ended, ip: string): Outcome {
  const { output, code } = ended
  if (examineReport(output).whole) return reported(output)
  const broken = code < 0 || (output !== '' && !NO_TLS.includes(code))
  return broken ? crashed(output, 'Either tlsc or qmail-remote-io') : reported(tlsFailed(ip, lastLine(ended.errors)))
}
