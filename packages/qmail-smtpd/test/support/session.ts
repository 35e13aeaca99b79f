/** Runs sessions of the built qmail-smtpd. */
import { type Outcome, run, type Session } from '../../../smtp-io/test/support/session.ts'

export { plain, type Session } from '../../../smtp-io/test/support/session.ts'

/** One session from its beginning to its end. */
export function session(options: Session): Promise<Outcome> {
  return run('qmail-smtpd', options)
}
