/** A DNS that consists of one zone, for whoever asks synchronously. */

import { formatAddress, parseAddress } from '@moreqmail/dns/address'
import type { Answer, Question, RecordData, RecordType, Status } from '@moreqmail/dns/answer'
import { canonical, encodeName } from '@moreqmail/dns/name'
import type { Ask } from '../../src/client.ts'

type Datum = string | ReadonlyArray<string | number>

/** Records by type; `TIMEOUT`: the types that get no answer. A text in place of all this: nothing gets one. */
export type Zone = Readonly<Record<string, string | Readonly<Record<string, string | readonly Datum[]>>>>

/** Every name and type that was asked for, in order. */
export type Asked = string[]

/** Answers from the zone as a stub resolver would, and writes down what is asked. */
export function zoneOf(zone: Zone, asked: Asked = []): Ask {
  const entries = new Map(Object.entries(zone).map(([name, entry]) => [name.toLowerCase().replace(/\.$/, ''), entry]))

  function look<T extends RecordType>({ name, type }: Question<T>): Answer<T> {
    asked.push(`${type} ${name}`)
    const answer = (status: Status, records: ReadonlyArray<RecordData[T]> = []) =>
      ({ status, records, name, authentic: false }) as const
    if (encodeName(name) === undefined) return answer('nxdomain')
    let at = canonical(name)
      .replaceAll('\\\\', '\\')
      .replace(/\\(\d{3})/g, (_, n) => String.fromCharCode(Number(n)))
    for (let aliases = 0; aliases < 10; aliases++) {
      const entry = entries.get(at)
      if (entry === undefined) return answer('nxdomain')
      if (typeof entry === 'string') return answer('timeout')
      if (entry['TIMEOUT']?.includes(type as never)) return answer('timeout')
      const alias = entry['CNAME']
      if (typeof alias !== 'string') {
        const records = ((entry[type] ?? []) as readonly Datum[]).map((datum) => read(type, datum))
        return answer(records.length > 0 ? 'found' : 'nodata', records)
      }
      at = alias.toLowerCase().replace(/\.$/, '')
    }
    return answer('servfail')
  }

  return (questions) => questions.map(look)
}

function read<T extends RecordType>(type: T, datum: Datum): RecordData[T] {
  const name = (text: unknown) => String(text).replace(/\.$/, '') || '.'
  const readers: Partial<Record<RecordType, () => unknown>> = {
    TXT: () => [datum].flat(),
    MX: () => ({ preference: Number(datum[0]), exchange: name(datum[1]) }),
    PTR: () => name(datum),
    AAAA: () => formatAddress(parseAddress(String(datum))!),
  }
  return (readers[type]?.() ?? datum) as RecordData[T]
}
