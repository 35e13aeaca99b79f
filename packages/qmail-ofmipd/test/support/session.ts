/** Runs sessions of the built qmail-ofmipd. */
import { type Outcome, run, type Session } from '../../../smtp-io/test/support/session.ts'

export { type Outcome, plain, run, type Session } from '../../../smtp-io/test/support/session.ts'

/** One session of a client that may send, from its beginning to its end. */
export function session(options: Session): Promise<Outcome> {
  return run('qmail-ofmipd', { ...options, env: { RELAYCLIENT: '', ...options.env } })
}

/** One session of a client that has logged in as joe. */
export function login(options: Session): Promise<Outcome> {
  return run('qmail-ofmipd', { ...options, env: { AUTHUP_USER: 'joe', ...options.env } })
}
