import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { isTemporary, type RecordType, reverseName, type Server, type Stub, stubResolver } from '../src/index.ts'

/** Where Debian has the servers; not everybody's PATH leads there. */
const NSD = '/usr/sbin/nsd'
const UNBOUND = '/usr/sbin/unbound'
const KEYGEN = '/usr/bin/ldns-keygen'
const SIGNZONE = '/usr/bin/ldns-signzone'

const HEAD = '$TTL 60\n@ SOA ns.plain.example. hostmaster.plain.example. 1 3600 600 86400 60\n@ NS ns.plain.example.\n'
const LONG = Array.from({ length: 12 }, (_, i) => `${String.fromCharCode(97 + i)}`.repeat(255))
const PLAIN = `${HEAD}
ns        A     127.0.0.1
@         A     192.0.2.1
@         AAAA  2001:db8::1
@         MX    20 mx2
@         MX    10 mx1.other.example.
@         TXT   "v=spf1 " "mx -all"
@         TXT   "second" "" "of three"
nullmx    MX    0 .
long      TXT   ${LONG.map((text) => `"${text}"`).join(' ')}
bytes     TXT   "\\000\\010\\255\\"\\\\"
empty     TXT   ""
a\\.b      A     192.0.2.2
odd\\032\\255 MX  5 x\\.y
*.wild    A     192.0.2.3
alias     CNAME plain.example.
chain     CNAME alias
away      CNAME www.signed.example.
dangling  CNAME nothing.plain.example.
nodata    CNAME nullmx
circle1   CNAME circle2
circle2   CNAME circle1
_25._tcp.mx1 TLSA 3 1 1 8755cdaa8fe24ef16cc0f2c918063185e433faaf1415664911d9e30a924138c4
${Array.from({ length: 300 }, (_, i) => `many A 10.0.${i >> 8}.${i & 255}\n`).join('')}`
const SIGNED = `${HEAD}
www       A     192.0.2.4
@         TXT   "signed"
`
const REVERSE4 = `${HEAD}1 PTR host.plain.example.\n1 PTR other.example.\n`
const REVERSE6 = `${HEAD}${'0.'.repeat(24).replace(/^0/, '1').slice(0, -1)} PTR six.plain.example.\n`

/** Names of zones and their texts. */
const ZONES: Record<string, string> = {
  'plain.example': PLAIN,
  'signed.example': SIGNED,
  'bogus.example': SIGNED,
  '2.0.192.in-addr.arpa': REVERSE4,
  '8.b.d.0.1.0.0.2.ip6.arpa': REVERSE6,
}

/** A port that nobody uses, for TCP at least. */
function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

const children: ChildProcess[] = []
function stopAll(): void {
  for (const child of children) child.kill()
}
process.on('exit', stopAll)

/** Starts a server and waits until it answers; what it has said meanwhile if it never does. */
async function start(path: string, args: readonly string[], port: number, name: string): Promise<string> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)))
  for (let round = 0; round < 100 && child.exitCode === null; round++) {
    const { lookup } = stubResolver({ servers: [{ ip: '127.0.0.1', port }], seconds: 1 })
    if (!isTemporary(lookup(name, 'A'))) return ''
    await sleep(50)
  }
  return `${path}: ${said}`
}

const dir = t.testdir({})
// They write into it to the end.
t.teardown(async () => {
  stopAll()
  await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')))
})
const missing = [NSD, UNBOUND].filter((path) => !existsSync(path))
const unsigned = [KEYGEN, SIGNZONE].filter((path) => !existsSync(path))

/** Signs a zone; the file of its trust anchor, which for a bogus one is of another key. */
function sign(zone: string, bogus: boolean): string {
  const keygen = () => execFileSync(KEYGEN, ['-a', 'ECDSAP256SHA256', '-k', '-r', '/dev/urandom', zone], { cwd: dir })
  const key = keygen().toString().trim()
  execFileSync(SIGNZONE, ['-o', zone, '-f', `${dir}/${zone}.signed`, zone, key], { cwd: dir })
  writeFileSync(`${dir}/${zone}`, readFileSync(`${dir}/${zone}.signed`))
  return `${dir}/${bogus ? keygen().toString().trim() : key}.ds`
}

async function startNsd(port: number): Promise<string> {
  const lines = [
    'server:',
    `ip-address: 127.0.0.1@${port}`,
    `zonesdir: "${dir}"`,
    ...['database', 'username', 'pidfile', 'logfile'].map((name) => `${name}: ""`),
    ...['xfrdfile', 'zonelistfile'].map((name) => `${name}: "${dir}/${name}"`),
    `xfrdir: "${dir}"`,
    'server-count: 1',
    'remote-control:',
    'control-enable: no',
    ...Object.keys(ZONES).flatMap((zone) => ['zone:', `name: ${zone}`, `zonefile: ${zone}`]),
  ]
  writeFileSync(`${dir}/nsd.conf`, `${lines.join('\n')}\n`)
  return start(NSD, ['-d', '-c', `${dir}/nsd.conf`], port, 'plain.example')
}

async function startUnbound(port: number, nsd: number, anchors: readonly string[]): Promise<string> {
  const lines = [
    'server:',
    `interface: 127.0.0.1@${port}`,
    `directory: "${dir}"`,
    ...['username', 'chroot', 'pidfile'].map((name) => `${name}: ""`),
    'use-syslog: no',
    'num-threads: 1',
    'do-ip6: no',
    'do-not-query-localhost: no',
    'local-zone: "refused.example." refuse',
    ...anchors.map((path) => `trust-anchor-file: "${path}"`),
    ...Object.keys(ZONES).map((zone) => `local-zone: "${zone}." nodefault`),
    'remote-control:',
    'control-enable: no',
    ...Object.keys(ZONES).flatMap((zone) => ['stub-zone:', `name: ${zone}`, `stub-addr: 127.0.0.1@${nsd}`]),
  ]
  writeFileSync(`${dir}/unbound.conf`, `${lines.join('\n')}\n`)
  return start(UNBOUND, ['-d', '-c', `${dir}/unbound.conf`], port, 'plain.example')
}

/** What both servers answer alike. */
const SAME: Array<[name: string, type: RecordType, answer: object]> = [
  ['plain.example', 'A', { status: 'found', records: ['192.0.2.1'], name: 'plain.example' }],
  ['PLAIN.example.', 'AAAA', { status: 'found', records: ['2001:db8::1'] }],
  ['nullmx.plain.example', 'MX', { status: 'found', records: [{ preference: 0, exchange: '.' }] }],
  ['long.plain.example', 'TXT', { status: 'found', records: [LONG] }],
  ['bytes.plain.example', 'TXT', { status: 'found', records: [['\0\n\xff"\\']] }],
  ['empty.plain.example', 'TXT', { status: 'found', records: [['']] }],
  ['a\\.b.plain.example', 'A', { status: 'found', records: ['192.0.2.2'], name: 'a\\.b.plain.example' }],
  ['a.b.plain.example', 'A', { status: 'nxdomain' }],
  [
    'odd \xff.plain.example',
    'MX',
    {
      status: 'found',
      records: [{ preference: 5, exchange: 'x\\.y.plain.example' }],
      name: 'odd\\032\\255.plain.example',
    },
  ],
  [
    'anything.wild.plain.example',
    'A',
    { status: 'found', records: ['192.0.2.3'], name: 'anything.wild.plain.example' },
  ],
  ['alias.plain.example', 'A', { status: 'found', records: ['192.0.2.1'], name: 'plain.example' }],
  ['chain.plain.example', 'A', { status: 'found', records: ['192.0.2.1'], name: 'plain.example' }],
  ['chain.plain.example', 'CNAME', { status: 'found', records: ['alias.plain.example'], name: 'chain.plain.example' }],
  ['dangling.plain.example', 'A', { status: 'nxdomain', name: 'nothing.plain.example' }],
  ['circle1.plain.example', 'A', { status: 'servfail' }],
  ['plain.example', 'TLSA', { status: 'nodata' }],
  ['wild.plain.example', 'A', { status: 'nodata' }],
  ['nothing.plain.example', 'MX', { status: 'nxdomain' }],
  [
    '_25._tcp.mx1.plain.example',
    'TLSA',
    {
      status: 'found',
      records: [
        {
          usage: 3,
          selector: 1,
          matchingType: 1,
          data: Uint8Array.from(Buffer.from('8755cdaa8fe24ef16cc0f2c918063185e433faaf1415664911d9e30a924138c4', 'hex')),
        },
      ],
    },
  ],
  [reverseName('2001:db8::1') ?? '', 'PTR', { status: 'found', records: ['six.plain.example'] }],
]

function same(t: Test, { lookup, resolve }: Stub): void {
  for (const [name, type, answer] of SAME) t.match(lookup(name, type), answer, `${name} ${type}`)
  const sorted = (name: string, type: RecordType) => {
    const { status, records } = lookup(name, type)
    return [status, ...records.map((record) => JSON.stringify(record)).sort()]
  }
  t.same(sorted('plain.example', 'MX'), [
    'found',
    '{"preference":10,"exchange":"mx1.other.example"}',
    '{"preference":20,"exchange":"mx2.plain.example"}',
  ])
  t.same(sorted('plain.example', 'TXT'), ['found', '["second","","of three"]', '["v=spf1 ","mx -all"]'])
  t.same(sorted(reverseName('192.0.2.1') ?? '', 'PTR'), ['found', '"host.plain.example"', '"other.example"'])
  t.equal(new Set(lookup('many.plain.example', 'A').records).size, 300, 'by TCP')
  const all = SAME.map(([name, type]) => ({ name, type }))
  for (const [i, answer] of resolve(all).entries()) t.match(answer, SAME[i]?.[2], `${SAME[i]?.[0]} among all`)
}

t.test('nsd and unbound', { skip: missing.length > 0 && `no ${missing.join(' and no ')}` }, async (t) => {
  for (const [zone, text] of Object.entries(ZONES)) writeFileSync(`${dir}/${zone}`, text)
  const anchors = unsigned.length > 0 ? [] : [sign('signed.example', false), sign('bogus.example', true)]
  const [authority, recursor]: [Server, Server] = [
    { ip: '127.0.0.1', port: await freePort() },
    { ip: '127.0.0.1', port: await freePort() },
  ]
  t.equal(await startNsd(authority.port), '')
  t.equal(await startUnbound(recursor.port, authority.port, anchors), '')

  t.test('nsd', (t) => {
    const stub = stubResolver({ servers: [authority], seconds: 20 })
    same(t, stub)
    t.match(stub.lookup('nodata.plain.example', 'A'), { status: 'servfail' }, 'the end of a CNAME is not its to deny')
    t.match(stub.lookup('not.hers.example.org', 'A'), { status: 'refused' })
    t.end()
  })

  t.test('unbound', (t) => {
    const stub = stubResolver({ servers: [recursor], seconds: 20 })
    same(t, stub)
    t.match(stub.lookup('nodata.plain.example', 'A'), { status: 'nodata', name: 'nullmx.plain.example' })
    t.match(stub.lookup('refused.example', 'A'), { status: 'refused' })
    t.match(stub.lookup('away.plain.example', 'A'), { records: ['192.0.2.4'], name: 'www.signed.example' })
    t.end()
  })

  t.test('DNSSEC', { skip: unsigned.length > 0 && `no ${unsigned.join(' and no ')}` }, (t) => {
    const { lookup } = stubResolver({ servers: [recursor], seconds: 20 })
    t.match(lookup('www.signed.example', 'A'), { status: 'found', authentic: true })
    t.match(lookup('www.signed.example', 'TLSA'), { status: 'nodata', authentic: true })
    t.match(lookup('nothing.signed.example', 'A'), { status: 'nxdomain', authentic: true })
    t.match(lookup('plain.example', 'A'), { status: 'found', authentic: false })
    t.match(lookup('away.plain.example', 'A'), { status: 'found', authentic: false }, 'a part of the way is not signed')
    t.match(lookup('www.bogus.example', 'A'), { status: 'servfail' }, 'forged')
    t.end()
  })
})
