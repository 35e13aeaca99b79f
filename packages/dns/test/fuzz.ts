import t from 'tap'
import type { RecordType } from '../src/answer.ts'
import { encodeQuery, readReply } from '../src/message.ts'
import { decodeName, encodeName } from '../src/name.ts'
import * as p from './lib/packet.ts'

const TYPES: readonly RecordType[] = ['A', 'AAAA', 'CNAME', 'MX', 'PTR', 'TLSA', 'TXT']
const CODES = [p.A, p.AAAA, p.CNAME, p.MX, p.PTR, p.TLSA, p.TXT]
const NAME = 'example.org'
const STATUSES = ['found', 'nodata', 'nxdomain', 'servfail', 'refused']
const LONGEST_TEXT = 4 * 255

/** Why this cannot be what readReply gives, if so. */
function nonsense(reply: ReturnType<typeof readReply<RecordType>>): string | undefined {
  if (typeof reply === 'string') return ['other', 'truncated', 'no edns'].includes(reply) ? undefined : reply
  if (!STATUSES.includes(reply.status)) return reply.status
  if ((reply.status === 'found') !== reply.records.length > 0) return `${reply.status} ${reply.records.length}`
  const names = reply.records.flatMap((record) =>
    typeof record === 'object' && 'exchange' in record ? record.exchange : [],
  )
  for (const name of [reply.name, ...names]) {
    if (!/^[!-~]+$/.test(name) || name.length > LONGEST_TEXT) return `name ${JSON.stringify(name)}`
    if (encodeName(name) === undefined) return `not a name: ${name}`
  }
  return undefined
}

/** A good message with many things in it, of the type with this number. */
function good(n: number, pick: (limit: number) => number): Buffer {
  const owners = [p.pointer(12), p.pointer(20), p.name('b.example'), p.pointed('mx', 12), p.name('example.ORG')]
  const owner = () => owners[pick(owners.length)]!
  const some = () => Buffer.from(Array.from({ length: pick(30) }, () => pick(256)))
  const data: Record<number, () => Buffer> = {
    [p.A]: () => Buffer.alloc(4, pick(256)),
    [p.AAAA]: () => Buffer.alloc(16, pick(256)),
    [p.CNAME]: owner,
    [p.PTR]: owner,
    [p.MX]: () => p.mx(pick(65536), owner()),
    [p.TLSA]: () => Buffer.concat([Buffer.of(3, 1, 1), some()]),
    [p.TXT]: () => p.strings(...Array.from({ length: pick(4) }, () => some().toString('latin1'))),
  }
  const answers = Array.from({ length: 1 + pick(8) }, () => {
    const type = pick(3) === 0 ? p.CNAME : CODES[n]!
    return { owner: owner(), type, data: data[type]!() }
  })
  return p.message({ question: [NAME, CODES[n]!], answers })
}

t.test('changed messages', (t) => {
  const pick = p.random(7)
  const seen = new Set<string>()
  for (let round = 0; round < 60_000; round++) {
    const n = round % TYPES.length
    let bytes = good(n, pick)
    const from = pick(4) === 0 ? 0 : p.afterQuestion(NAME)
    for (let changes = pick(6); changes > 0; changes--) {
      const at = from + pick(bytes.length - from)
      if (pick(8) === 0) bytes = bytes.subarray(0, Math.max(at, from + 1))
      else bytes[Math.min(at, bytes.length - 1)] = pick(3) === 0 ? [0, 0x3f, 0xc0, 0xff][pick(4)]! : pick(256)
    }
    const reply = readReply(bytes, encodeQuery(0x1234, p.name(NAME), TYPES[n]!, true), TYPES[n]!)
    seen.add(typeof reply === 'string' ? reply : reply.status)
    const why = nonsense(reply)
    if (why !== undefined) throw new Error(`${why}: ${bytes.toString('hex')}`)
  }
  t.ok(
    ['other', 'found', 'nodata', 'servfail'].every((what) => seen.has(what)),
    [...seen].join(' '),
  )
  t.end()
})

t.test('random bytes after a good question', (t) => {
  const pick = p.random(8)
  for (let round = 0; round < 20_000; round++) {
    const n = round % TYPES.length
    const head = p.message({ question: [NAME, CODES[n]!], counts: [1, 1 + pick(5), 0, 0] })
    const bytes = Buffer.concat([head, Buffer.from(Array.from({ length: pick(120) }, () => pick(256)))])
    const why = nonsense(readReply(bytes, encodeQuery(0x1234, p.name(NAME), TYPES[n]!, false), TYPES[n]!))
    if (why !== undefined) throw new Error(`${why}: ${bytes.toString('hex')}`)
  }
  t.pass('no nonsense')
  t.end()
})

t.test('random names', (t) => {
  const pick = p.random(9)
  for (let round = 0; round < 50_000; round++) {
    const text = Array.from({ length: pick(40) }, () => '...\\\\019ab\0\xff'.charAt(pick(12))).join('')
    const wire = encodeName(text)
    if (wire === undefined) continue
    const decoded = decodeName(wire, 0)
    if (decoded === undefined || decoded[1] !== wire.length) throw new Error(JSON.stringify(text))
    if (!Buffer.from(encodeName(decoded[0]) ?? []).equals(wire))
      throw new Error(`not the same: ${JSON.stringify(text)}`)
  }
  t.pass('there and back')
  t.end()
})

t.test('the longest messages take no longer than that', (t) => {
  const full = (question: number, records: (at: number) => p.Rr) => {
    const answers: p.Rr[] = []
    for (let at = p.afterQuestion(NAME), size = 0; ; at += size) {
      const rr = records(at)
      size = rr.owner.length + 10 + rr.data.length
      if (at + size > 65535) return p.message({ question: [NAME, question], answers })
      answers.push(rr)
    }
  }
  const long = Array.from({ length: 120 }, () => 'a').join('.')
  const first = p.afterQuestion(NAME)
  const messages: Array<[string, RecordType, Buffer]> = [
    ['records', 'A', full(p.A, () => ({ owner: p.pointer(12), type: p.A, data: Buffer.alloc(4) }))],
    [
      'CNAMEs of other names',
      'A',
      full(p.A, (at) => ({ owner: p.pointed(`${at}`, 12), type: p.CNAME, data: p.pointer(12) })),
    ],
    ['CNAMEs to the same', 'A', full(p.A, () => ({ owner: p.pointer(12), type: p.CNAME, data: p.pointer(12) }))],
    ['strings', 'TXT', full(p.TXT, () => ({ owner: p.pointer(12), type: p.TXT, data: Buffer.alloc(65000) }))],
    [
      'long names',
      'PTR',
      full(p.PTR, (at) =>
        at === first
          ? { owner: p.pointer(12), type: p.PTR, data: p.name(long) }
          : { owner: p.pointer(first + 12), type: p.PTR, data: p.pointer(first + 12) },
      ),
    ],
    [
      'pointers to pointers',
      'PTR',
      full(p.PTR, (at) => ({
        owner: at === first ? p.pointer(12) : p.pointer(Math.min(16383, at - 2)),
        type: p.PTR,
        data: p.pointer(at > 16000 ? 12 : at),
      })),
    ],
  ]
  for (const [about, type, bytes] of messages) {
    const began = performance.now()
    const reply = readReply(bytes, encodeQuery(0x1234, p.name(NAME), type, true), type)
    const ms = performance.now() - began
    t.ok(ms < 1000, `${about}: ${ms.toFixed(1)} ms for ${bytes.length} bytes`)
    t.equal(nonsense(reply), undefined, typeof reply === 'string' ? reply : `${reply.status} ${reply.records.length}`)
  }
  t.end()
})
