/** qmail-qfilter-addtlsheader: puts a line about the TLS session before the message. */
import { copy } from '@moreqmail/filter'
import { utcDate } from '@moreqmail/message/date'
import { bytes, env, exit, sys } from '@moreqmail/unix'
import { tlsHeader } from './header.ts'

export const synopsis = 'qmail-qfilter-addtlsheader'

const FAULT = { read: 54, write: 53 } as const

export function main(): never {
  const header = bytes(tlsHeader(env, () => utcDate(sys.clock(0))) ?? '')
  const written = sys.write(1, header, 0, header.length)
  if (written !== header.length) exit(FAULT.write)
  const fault = copy(0, 1)
  exit(fault === undefined ? 0 : FAULT[fault.side])
}
