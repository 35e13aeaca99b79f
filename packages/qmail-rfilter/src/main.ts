/** qmail-rfilter: stands in for qmail-remote and runs a message through filters on its way out. */
import { closeFilterDescriptors } from '@moreqmail/filter'
import { args, env, execPath, exit, home, Writer } from '@moreqmail/unix'
import { filtered } from './filtered.ts'
import { parseOrder } from './order.ts'
import { IMPROPER, NO_MESSAGE, NO_REMOTE } from './report.ts'

export const synopsis = 'qmail-rfilter host sender recip [ recip ... ] [ -- filter [ arg ... ] ] ...'

const REPORT = 1

export function main(): never {
  const order = parseOrder(args()) ?? report(IMPROPER)
  const filtering = order.filters.length > 0 ? filtered(order, report) : undefined
  const { sender, recipients } = filtering?.addresses ?? order
  if (filtering === undefined) closeFilterDescriptors()
  else if (filtering.handOver('without envelope') < 0) report(NO_MESSAGE)
  const program = filtering?.program ?? env('QRF_QMAILREMOTE')
  // One that is not the usual one goes by its own name: some executables are many programs.
  execPath(program ?? `${home()}/bin/qmail-remote`, [program ?? 'qmail-remote', order.host, sender, ...recipients])
  report(NO_REMOTE)
}

/** Writes the report; nobody is left to be told if that fails. */
function report(text: string): never {
  const out = new Writer(REPORT)
  out.puts(text)
  out.flush()
  exit(0)
}
