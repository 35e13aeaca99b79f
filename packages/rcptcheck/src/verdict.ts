/** What the end of a check says about the recipient, in exit codes and in replies to the client. Pure. */

/** `defer`: the check can't tell now; `broken`: the check itself doesn't work. Both are temporary. */
export type Verdict = 'accept' | 'reject' | 'defer' | 'broken'

/** The exit code of a check, and of a program that runs several. */
export const EXIT: Readonly<Record<Verdict, number>> = { accept: 0, reject: 100, defer: 111, broken: 120 }

/** The reply to the client, without its line end. */
export const REPLY: Readonly<Record<Exclude<Verdict, 'accept'>, string>> = {
  reject: '553 sorry, no mailbox here by that name. (#5.1.1)',
  defer: '421 unable to verify recipient (#4.3.0)',
  broken: '421 unable to execute recipient check (#4.3.0)',
}

/**
 * The verdict of a check that has ended with this code, -1 standing for a signal. Codes without a meaning, such as the 1
 * of a script that failed, accept (RCPTCHECK patch for qmail-smtpd).
 */
export function verdictOf(code: number): Verdict {
  switch (code) {
    case EXIT.reject:
      return 'reject'
    case EXIT.defer:
      return 'defer'
    case EXIT.broken:
    case -1:
      return 'broken'
    default:
      return 'accept'
  }
}
