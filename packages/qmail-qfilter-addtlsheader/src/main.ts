/** qmail-qfilter-addtlsheader: puts a line about the TLS session before the message. */
import { COPY_EXIT, copy } from '@moreqmail/filter'
import { utcDate } from '@moreqmail/message/date'
import { env, exit, sys } from '@moreqmail/unix'
import { tlsHeader } from './header.ts'

export const synopsis = 'qmail-qfilter-addtlsheader'

export function main(): never {
  const header = tlsHeader(env, () => utcDate(sys.clock(0))) ?? ''
  // From its beginning, if it has one.
  sys.lseek(0, 0, 0)
  const fault = copy(0, 1, header)
  exit(fault === undefined ? 0 : COPY_EXIT[fault.side])
}
