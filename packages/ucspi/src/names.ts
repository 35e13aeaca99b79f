/** Names of hosts and their addresses, as UCSPI tools look them up. */
import { isTemporary, reverseName, stubResolver } from '@moreqmail/dns'
import { EAGAIN, type Errno, ETIMEDOUT } from '@moreqmail/unix'
import { lower } from '@moreqmail/unix/bytes'
import { splitScope } from './address.ts'

/** For one look-up, however many questions and servers it takes. */
const SECONDS = 10

/** The name of the host at this address, in lower case as rules have it; undefined if it has none or nothing is known. */
export function hostName(ip: string): string | undefined {
  const name = reverseName(splitScope(ip)[0])
  const host = name && stubResolver({ seconds: SECONDS }).lookup(name, 'PTR').records[0]
  return host && lower(host)
}

/**
 * The addresses of a host: IPv4 ones, then IPv6 ones; by preference 6 the other way round, by 4 no IPv6 ones. A negative
 * errno if it can't be told which come first.
 */
export function hostAddresses(name: string, preference: 4 | 6 | undefined): readonly string[] | Errno {
  if (name === 'localhost') return preference === 6 ? ['::1', '127.0.0.1'] : ['127.0.0.1']
  const answers = stubResolver({ seconds: SECONDS }).resolve(typesFor(preference).map((type) => ({ name, type })))
  const first = answers.find((answer) => isTemporary(answer) || answer.records.length > 0)
  if (first !== undefined && isTemporary(first)) return first.status === 'timeout' ? -ETIMEDOUT : -EAGAIN
  return answers.flatMap(({ records }) => records)
}

function typesFor(preference: 4 | 6 | undefined): ReadonlyArray<'A' | 'AAAA'> {
  if (preference === 4) return ['A']
  return preference === 6 ? ['AAAA', 'A'] : ['A', 'AAAA']
}
