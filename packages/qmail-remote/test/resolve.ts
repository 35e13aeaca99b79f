import type { Answer, RecordData, RecordType, Status } from '@moreqmail/dns/answer'
import t from 'tap'
import { DNS_FAILED, NO_ADDRESS, noHost, nullMx } from '../src/failure.ts'
import { type Ask, resolveHost } from '../src/resolve.ts'

type Zone = Record<string, { [T in RecordType]?: ReadonlyArray<RecordData[T]> } | Status>

interface Asked {
  readonly ask: Ask
  /** What was asked, a text for each set. */
  readonly sets: string[]
}

function zoneOf(zone: Zone): Asked {
  const sets: string[] = []
  const answer = <T extends RecordType>(name: string, type: T): Answer<T> => {
    const entry = zone[name]
    if (typeof entry === 'string' || entry === undefined)
      return { status: entry ?? 'nxdomain', records: [], name, authentic: false }
    const records = (entry[type] ?? []) as ReadonlyArray<RecordData[T]>
    return { status: records.length > 0 ? 'found' : 'nodata', records, name, authentic: false }
  }
  const ask: Ask = (questions) => {
    sets.push(questions.map(({ name, type }) => `${name} ${type}`).join(', '))
    return questions.map(({ name, type }) => answer(name, type))
  }
  return { ask, sets }
}

const first = () => 0
const resolve = (host: string, zone: Zone, exchanged = true) => resolveHost(host, exchanged, zoneOf(zone).ask, first)
const ips = (host: string, zone: Zone, exchanged = true) => {
  const found = resolve(host, zone, exchanged)
  return typeof found === 'string' ? found : found.map(({ ip }) => ip)
}
const mx = (preference: number, exchange: string) => ({ preference, exchange })

t.test('literals', async (t) => {
  const { ask, sets } = zoneOf({})
  for (const [host, ip] of [
    ['192.0.2.1', '192.0.2.1'],
    ['[192.0.2.1]', '192.0.2.1'],
    ['010.000.0.001', '10.0.0.1'],
    ['[192.000.002.001]', '192.0.2.1'],
    ['[2001:DB8::1]', '2001:db8::1'],
    ['[IPv6:2001:db8:0::1]', '2001:db8::1'],
    ['[ipv6:::1]', '::1'],
    ['[::ffff:127.0.0.1]', '127.0.0.1'],
  ] as const)
    t.same(resolveHost(host, true, ask, first), [{ ip, name: ip, preference: 0 }])
  t.same(sets, [])
  for (const host of ['192.0.2.256', '192.0.2', '1.2.3.4.5', '[192.0.2.256]', '[a.example]', '[', '[]', '2001:db8::1'])
    t.equal(resolve(host, {}), noHost(host), host)
})

t.test('mail exchangers', async (t) => {
  const { ask, sets } = zoneOf({
    'd.example': { MX: [mx(20, 'b.example'), mx(10, 'a.example')], A: ['192.0.2.9'] },
    'a.example': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1', '2001:db8::2'] },
    'b.example': { AAAA: ['::ffff:192.0.2.3'] },
  })
  t.same(resolveHost('d.example', true, ask, first), [
    { ip: '2001:db8::1', name: 'a.example', preference: 10 },
    { ip: '2001:db8::2', name: 'a.example', preference: 10 },
    { ip: '192.0.2.1', name: 'a.example', preference: 10 },
    { ip: '192.0.2.2', name: 'a.example', preference: 10 },
    { ip: '192.0.2.3', name: 'b.example', preference: 20 },
  ])
  t.same(sets, ['d.example MX', 'a.example AAAA, a.example A, b.example AAAA, b.example A'], 'all addresses at once')
})

t.test('no mail exchanger', async (t) => {
  const { ask, sets } = zoneOf({ 'd.example': { A: ['192.0.2.9'] } })
  t.same(resolveHost('d.example.', true, ask, first), [{ ip: '192.0.2.9', name: 'd.example', preference: 0 }])
  t.same(sets, ['d.example MX', 'd.example AAAA, d.example A'])
  t.equal(resolve('d.example', {}), noHost('d.example'))
  t.equal(resolve('d.example', { 'd.example': { TXT: [['x']] } }), noHost('d.example'), 'a name without addresses')
})

t.test('a relay', async (t) => {
  const zone: Zone = { 'r.example': { MX: [mx(1, 'a.example')], A: ['192.0.2.4'] }, 'a.example': { A: ['192.0.2.5'] } }
  t.same(ips('r.example', zone, false), ['192.0.2.4'])
  t.equal(resolve('r2.example', zone, false), noHost('r2.example'))
  t.equal(resolve('r.example', { 'r.example': 'servfail' }, false), DNS_FAILED)
})

t.test('failures', async (t) => {
  for (const status of ['servfail', 'timeout', 'refused'] as const) {
    t.equal(resolve('d.example', { 'd.example': status }), DNS_FAILED)
    const one: Zone = { 'd.example': { MX: [mx(1, 'a.example'), mx(2, 'b.example')] }, 'a.example': status }
    t.equal(resolve('d.example', one), DNS_FAILED, 'nothing else was found')
    t.same(ips('d.example', { ...one, 'b.example': { A: ['192.0.2.1'] } }), ['192.0.2.1'])
  }
  t.equal(resolve('d.example', { 'd.example': { MX: [mx(1, 'gone.example')], A: ['192.0.2.1'] } }), NO_ADDRESS)
  t.equal(resolve('', {}), noHost(''))
  t.equal(resolve('.', {}), noHost('.'))
  t.equal(resolve('d.example..', { 'd.example.': { A: ['192.0.2.1'] } }), noHost('d.example..'))
  t.equal(resolve('a b\0\xff', {}), "DSorry, I couldn't find any host named a?b??. (#5.1.2)\n\0")
})

t.test('null MX', async (t) => {
  const zone = (...list: ReturnType<typeof mx>[]): Zone => ({ 'd.example': { MX: list, A: ['192.0.2.1'] } })
  t.equal(resolve('D.example', { 'D.example': { MX: [mx(0, '.')] } }), nullMx('D.example'))
  t.equal(resolve('d.example', zone(mx(10, '.'))), NO_ADDRESS)
  t.equal(resolve('d.example', zone(mx(0, '.'), mx(10, '.'))), NO_ADDRESS)
})

t.test('hosts that are not ASCII', async (t) => {
  const zone: Zone = { 'xn--bcher-kva.example': { A: ['192.0.2.1'] } }
  t.match(resolve('b\xc3\xbccher.example', zone), [{ ip: '192.0.2.1', name: 'xn--bcher-kva.example' }])
  t.match(resolve('B\xc3\x9cCHER.example.', zone), [{ name: 'xn--bcher-kva.example' }])
  t.equal(resolve('b\xfccher.example', zone), noHost('b\xfccher.example'), 'not UTF-8')
  t.equal(noHost('b\xfccher.example'), "DSorry, I couldn't find any host named b?cher.example. (#5.1.2)\n\0")
})

t.test('limits', async (t) => {
  const hosts = Array.from({ length: 150 }, (_, i) => mx(1000 - i, `m${i}.example`))
  const { ask, sets } = zoneOf({ 'd.example': { MX: hosts } })
  t.equal(resolveHost('d.example', true, ask, first), NO_ADDRESS)
  const asked = sets[1]?.split(', ') ?? []
  t.equal(asked.length, 200, 'two questions for each of a hundred hosts')
  t.same(asked.slice(0, 2), ['m149.example AAAA', 'm149.example A'], 'the best ones')
  const many = Array.from({ length: 300 }, (_, i) => `192.0.${i >> 8}.${i & 255}`)
  t.equal(ips('d.example', { 'd.example': { A: many } }).length, 200)
})
