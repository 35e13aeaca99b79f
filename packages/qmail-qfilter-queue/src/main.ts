/** qmail-qfilter-queue: runs qmail-qfilter with the filters that a control file lists. */
import { chdirHome, ENOMEM, env, exec, exit, home, listFile } from '@moreqmail/unix'

export const synopsis = 'qmail-qfilter-queue'

const NO_MEMORY = 51
const CONFIGURATION = 55
const HOME = 61
const CANNOT_RUN = 71

const FILTER = 'qmail-qfilter'
const QUESTION = /^--(help|version)$/

export function main(): never {
  if (chdirHome() < 0) exit(HOME)
  // The filters' own words are between dashes, so each is a command without arguments.
  const words = filters().flatMap((name, i) => (i > 0 ? ['--', name] : [name]))
  const errnos = [`${home()}/bin/${FILTER}`, FILTER].map((name) => exec([name, ...words]))
  exit(errnos.includes(-ENOMEM) ? NO_MEMORY : CANNOT_RUN)
}

/** The entries of the file that is named for it: a file that is not there could be a virus filter switched off. */
function filters(): readonly string[] {
  const name = env('QMAILQUEUEFILTERS')
  if (name === undefined) return []
  const misconfigured = (): never => exit(CONFIGURATION)
  const entries = (listFile(name, misconfigured, 'ends') ?? misconfigured()).entries()
  // By itself it would be a question to qmail-qfilter, whose answer is no message queued and exit code 0.
  return QUESTION.test(entries.join('\n')) ? misconfigured() : entries
}
