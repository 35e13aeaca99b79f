/** qmail-rfilter-remote: stands in for qmail-remote, with the filters that a control file lists. */
import { execRemote } from '@moreqmail/filter'
import { args, env, environment, execPath, exit, home, listFile, Writer } from '@moreqmail/unix'
import { filterWords, pathWith } from './filters.ts'

export const synopsis = 'qmail-rfilter-remote host sender recip [ recip ... ]'

const IMPROPER = 'DI (qmail-rfilter-remote) was invoked improperly. (#5.3.5)'
const UNREADABLE = 'Zqmail-rfilter-remote: unable to read control files. (#4.3.0)'
/** Also if it is qmail-remote, run in its place. */
const NOT_RUN = 'Zqmail-rfilter-remote: unable to run qmail-rfilter. (#4.3.0)'

const REPORT = 1

export function main(): never {
  const order = args()
  if (order.length < 3) report(IMPROPER)
  const words = filters()
  const bin = `${home()}/bin`
  if (words.length === 0) {
    execRemote(env('QRF_QMAILREMOTE'), order)
    report(NOT_RUN)
  }
  const next = environment().with({ PATH: pathWith(bin, env('PATH')) })
  execPath(`${bin}/qmail-rfilter`, ['qmail-rfilter', ...order, '--', ...words], next)
  report(NOT_RUN)
}

/** The filters' words. A file that was named for them must be there: else a signature would be missing, say. */
function filters(): readonly string[] {
  const named = env('QMAILREMOTEFILTERS')
  const name = named ?? 'control/remotefilters'
  const list = listFile(name.startsWith('/') ? name : `${home()}/${name}`, unreadable, 'ends')
  if (list === undefined && named !== undefined) unreadable()
  return filterWords(list?.entries() ?? []) ?? unreadable()
}

function unreadable(): never {
  report(UNREADABLE)
}

/** Writes the report; nobody is left to be told if that fails. */
function report(text: string): never {
  const out = new Writer(REPORT)
  out.puts(`${text}\n\0`)
  out.flush()
  exit(0)
}
