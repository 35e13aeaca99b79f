/** What the report of another program is worth. Pure. */

/** A report, taken apart. */
export interface Report {
  /** The complete records of recipients that it begins with. */
  readonly recipients: string
  /** True if all of it is such records and one for the message behind them. */
  readonly whole: boolean
}

/** Takes a report apart: records of a letter, a text and a NUL each. */
export function examineReport(report: string): Report {
  let at = 0
  for (;;) {
    const end = report.indexOf('\0', at)
    const letter = report.charAt(at)
    if (end < 0) return { recipients: report.slice(0, at), whole: false }
    if (!'rhs'.includes(letter)) {
      return { recipients: report.slice(0, at), whole: end === report.length - 1 && 'KZD'.includes(letter) }
    }
    at = end + 1
  }
}

/** True if no recipient was offered to the server and the message has only failed for now. */
export function mayGoElsewhere(report: string): boolean {
  return report.startsWith('Z')
}

const TLS_FAILED = 'ZTLS connect failed'

/** True if the report says that TLS could not be started although the server was willing. */
export function isTlsFailure(report: string): boolean {
  return report.startsWith(TLS_FAILED)
}

/** The report, with the reason put in if it says that TLS has failed. */
export function withTlsReason(report: string, reason: string): string {
  const start = `${TLS_FAILED};`
  return reason !== '' && report.startsWith(start) ? `${TLS_FAILED}: ${reason};${report.slice(start.length)}` : report
}

const LONGEST_REASON = 500

/** What a program's last line on descriptor 2 says, fit for a report: one line of visible text. */
export function lastLine(errors: string): string {
  const line = errors.replace(/\n+$/, '')
  return line
    .slice(line.lastIndexOf('\n') + 1)
    .slice(0, LONGEST_REASON)
    .replace(/[^ -~]/g, '?')
    .trim()
}
