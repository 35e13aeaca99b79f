/** The table of programs: the package of each, and what has to be known of it before it runs. */
import type { Facts } from './toolkit.ts'

export const PROGRAMS: Readonly<Record<string, Facts & { readonly module: string }>> = {
  checknotroot: { module: '@moreqmail/checknotroot', failure: 111 },
  'qmail-queue-maildir': { module: '@moreqmail/qmail-queue-maildir', failure: 81 },
  'qmail-smtpc': { module: '@moreqmail/qmail-smtpc', failure: 111, silent: true },
  'qmail-smtpd': { module: '@moreqmail/qmail-smtpd', failure: 1 },
  tcpserver: { module: '@moreqmail/tcpserver', failure: 111 },
}
