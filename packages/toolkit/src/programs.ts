/** The table of programs. */
import type { Entry } from './toolkit.ts'

export const PROGRAMS: Readonly<Record<string, Entry>> = {
  checknotroot: { load: () => require('@moreqmail/checknotroot'), failure: 111 },
  'qmail-queue-maildir': { load: () => require('@moreqmail/qmail-queue-maildir'), failure: 81 },
  'qmail-smtpc': { load: () => require('@moreqmail/qmail-smtpc'), failure: 111, silent: true },
  'qmail-smtpd': { load: () => require('@moreqmail/qmail-smtpd'), failure: 1 },
}
