/** qmail-rfilter: stands in for qmail-remote and runs a message through filters on its way out. */
import { closeFilterDescriptors, execRemote } from '@moreqmail/filter'
import { args, env, exit, sys, Writer } from '@moreqmail/unix'
import { filtered } from './filtered.ts'
import { parseOrder } from './order.ts'
import { IMPROPER, NO_MESSAGE, NO_REMOTE } from './report.ts'

export const synopsis = 'qmail-rfilter host sender recip [ recip ... ] [ -- filter [ arg ... ] ] ...'

const REPORT = 1

export function main(): never {
  const order = parseOrder(args()) ?? report(IMPROPER)
  const filtering = order.filters.length > 0 ? filtered(order, report) : undefined
  const { sender, recipients } = filtering?.addresses ?? order
  if (filtering === undefined) passOn()
  else if (filtering.handOver('without envelope') < 0) report(NO_MESSAGE)
  execRemote(filtering?.program ?? env('QRF_QMAILREMOTE'), [order.host, sender, ...recipients])
  report(NO_REMOTE)
}

/** Hands the message over as it came; one that is a pipe stands where it stands. */
function passOn(): void {
  sys.lseek(0, 0, 0)
  closeFilterDescriptors()
}

/** Writes the report; nobody is left to be told if that fails. */
function report(text: string): never {
  const out = new Writer(REPORT)
  out.puts(text)
  out.flush()
  exit(0)
}
