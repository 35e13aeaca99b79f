/** The addresses of a host that takes mail, as the DNS has them. Pure. */
import { literalAddress } from '@moreqmail/dns/address'
import { type Answer, isTemporary, type Question, type RecordType } from '@moreqmail/dns/answer'
import { toAscii } from '@moreqmail/smtp/client'
import { DNS_FAILED, NO_ADDRESS, noHost, nullMx } from './failure.ts'
import { byPreference, plainAddress, type Random, type Target, withoutZeros } from './target.ts'

/** Asks the DNS several questions at once. */
export type Ask = <T extends RecordType>(questions: ReadonlyArray<Question<T>>) => ReadonlyArray<Answer<T>>

/** No more of them are used. */
const MOST_HOSTS = 100
const MOST_ADDRESSES = 200

interface Host {
  readonly name: string
  readonly preference: number
}

/**
 * The addresses of a host, the first to be tried first, and never none; or the report that says why there are none. With
 * `exchanged`, those of its mail exchangers if it has any.
 */
export function resolveHost(host: string, exchanged: boolean, ask: Ask, random: Random): readonly Target[] | string {
  const literal = plainAddress(literalAddress(withoutZeros(host)) ?? '')
  if (literal !== undefined) return [{ ip: literal, name: literal, preference: 0 }]
  const absolute = host.replace(/\.$/, '')
  const name = /[\x80-\xff]/.test(absolute) ? toAscii(absolute) : absolute
  if (name === undefined || name === '' || name.endsWith('.')) return noHost(host)

  const [mx] = exchanged ? ask([{ name, type: 'MX' }]) : []
  if (mx !== undefined && isTemporary(mx)) return DNS_FAILED
  const records = mx?.records ?? []
  const [first] = records
  // RFC 7505 3
  if (records.length === 1 && first?.exchange === '.' && first.preference === 0) return nullMx(host)
  const hosts = records.map(({ exchange, preference }) => ({ name: exchange, preference }))
  const found = addressesOf(hosts.length > 0 ? hosts : [{ name, preference: 0 }], ask, random)
  if (typeof found !== 'string') return found
  return found === 'unknown' ? DNS_FAILED : hosts.length > 0 ? NO_ADDRESS : noHost(host)
}

/** The addresses of all hosts; 'unknown' if there are none but may be some, 'none' if there are none. */
function addressesOf(hosts: readonly Host[], ask: Ask, random: Random): readonly Target[] | 'unknown' | 'none' {
  const used = byPreference(hosts, random).slice(0, MOST_HOSTS)
  const answers = ask(
    used.flatMap(({ name }) => [
      { name, type: 'AAAA' },
      { name, type: 'A' },
    ]),
  )
  const targets = used.flatMap((host, i) =>
    answers
      .slice(2 * i, 2 * i + 2)
      .flatMap(({ records }) => records.map((ip) => ({ ...host, ip: plainAddress(ip) ?? ip }))),
  )
  if (targets.length > 0) return targets.slice(0, MOST_ADDRESSES)
  return answers.some(isTemporary) ? 'unknown' : 'none'
}
