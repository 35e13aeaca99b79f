/** qmail-remote with the name servers of Debian, which lead to the server, and with liars, for which nothing bounces. */
import { existsSync } from 'node:fs'
import t from 'tap'
import { type Lie, type RunningServer, record, reply, startLiar, startNameServer } from './lib/dns.ts'
import { asSent, isThorough, MESSAGES, sameText, send, senderHome, WAYS } from './lib/outbound.ts'
import { SmtpSink } from './lib/postfix.ts'
import { lack } from './lib/service.ts'

t.setTimeout(0)

const SMALL = MESSAGES['small'] ?? ''
const RECORDS = [
  'd 60 IN MX 20 nobody.example.',
  'd 60 IN MX 10 mx.example.',
  'd 60 IN MX 10 gone.example.',
  'mx 60 IN A 127.0.0.2',
  'nobody 60 IN TXT "no address"',
  'direct 60 IN A 127.0.0.2',
  'relay 60 IN AAAA ::1',
  'null 60 IN MX 0 .',
  'empty 60 IN TXT "nothing else"',
  'lost 60 IN MX 10 nobody.example.',
  'own 60 IN MX 10 me.example.',
  'own 60 IN MX 20 mx.example.',
  'me 60 IN A 127.0.0.1',
  ...Array.from({ length: 150 }, (_, i) => `many 60 IN MX ${i} m${i}.example.`),
  ...Array.from({ length: 150 }, (_, i) => `m${i} 60 IN A 127.0.0.2`),
]

/** Hosts, and what is said of them: whom the message has been sent to, or why it hasn't. */
const HOSTS: ReadonlyArray<readonly [string, RegExp]> = [
  ['d.example', /^K127\.0\.0\.2 accepted/],
  ['D.EXAMPLE.', /^K127\.0\.0\.2 accepted/],
  ['direct.example', /^K127\.0\.0\.2 accepted/],
  ['many.example', /^K127\.0\.0\.2 accepted/],
  ['relayed.example', /^K::1 accepted/],
  ['null.example', /^DSorry, null\.example does not accept mail\. \(#5\.1\.10\)\n$/],
  ['empty.example', /^DSorry, I couldn't find any host named empty\.example\. \(#5\.1\.2\)\n$/],
  ['no.such.example', /^DSorry, I couldn't find any host named no\.such\.example\. \(#5\.1\.2\)\n$/],
  ['lost.example', /^DSorry, I couldn't find a mail exchanger or IP address\. \(#5\.4\.4\)\n$/],
  ['own.example', /^DSorry\. Although I'm listed as a best-preference MX or A for that host,\n/],
]

const UDP_TRUNCATED = (query: Buffer): Buffer[] => [reply(query, 0x8380)]
const framed = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message])

/** None of them says how things are. */
const LIES: Readonly<Record<string, Lie>> = {
  'says nothing': { udp: () => [] },
  'says nothing that makes sense': {
    udp: () => [Buffer.from('hello, world'), Buffer.alloc(0), Buffer.alloc(4000, 255)],
  },
  'repeats the question': { udp: (query) => [query] },
  'answers another query': {
    udp: (query) => {
      const other = reply(query, 0x8183)
      other.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0)
      return [other]
    },
  },
  'answers another question': {
    udp: (query) => [
      reply(Buffer.concat([query.subarray(0, 12), Buffer.from('\x01x\0\0\x0f\0\x01', 'latin1')]), 0x8183),
    ],
  },
  fails: { udp: (query) => [reply(query, 0x8182)] },
  refuses: { udp: (query) => [reply(query, 0x8185)] },
  'does not understand': { udp: (query) => [reply(query, 0x8181)] },
  'does not know how': { udp: (query) => [reply(query, 0x8184)] },
  'has a code of its own': { udp: (query) => [reply(query, 0x818b)] },
  'refers to another': { udp: (query) => [reply(query, 0x8100)] },
  'denies what is not its own': { udp: (query) => [reply(query, 0x8103)] },
  'counts records that are not there': { udp: (query) => [reply(query, 0x8180, 65535)] },
  'has a record beyond its end': { udp: (query) => [reply(query, 0x8180, 1, record(15, Buffer.from([0, 1, 0]), 500))] },
  'has a name without end': {
    udp: (query) => [reply(query, 0x8180, 1, record(15, Buffer.from([0, 1, 0xc0, query.indexOf(0, 12) + 19])))],
  },
  'has an alias of itself': { udp: (query) => [reply(query, 0x8180, 1, record(5, Buffer.from([0xc0, 12])))] },
  'ends in the middle': {
    udp: (query) => [reply(query, 0x8180, 1, record(15, Buffer.from([0, 1, 1, 65, 0]))).subarray(0, -3)],
  },
  'wants TCP, and is not there': { udp: UDP_TRUNCATED },
  'wants TCP, and hangs up': { udp: UDP_TRUNCATED, tcp: (socket) => void socket.destroy() },
  'wants TCP, and says nothing': { udp: UDP_TRUNCATED, tcp: () => undefined },
  'wants TCP, and hangs up halfway': {
    udp: UDP_TRUNCATED,
    tcp: (socket, query) => void socket.end(framed(reply(query, 0x8183)).subarray(0, -1)),
  },
  'wants TCP, and drips': {
    udp: UDP_TRUNCATED,
    tcp: (socket) => {
      const timer = setInterval(() => socket.write('\xff'), 100)
      socket.on('close', () => clearInterval(timer))
    },
  },
  'wants TCP, and TCP again': {
    udp: UDP_TRUNCATED,
    tcp: (socket, query) => void socket.end(framed(reply(query, 0x8380))),
  },
  'wants TCP, and talks nonsense': { udp: UDP_TRUNCATED, tcp: (socket) => void socket.end(Buffer.alloc(70_000, 0x41)) },
}

for (const way of WAYS.filter(isThorough)) {
  for (const kind of ['unbound', 'nsd'] as const) {
    const lacking =
      way.lacking || lack(['smtp-sink'], 'as anybody') || (!existsSync(`/usr/sbin/${kind}`) && `needs ${kind}`)
    t.test(`${kind}, ${way.name}`, { skip: lacking }, async (t) => {
      const dns: RunningServer = await startNameServer(kind, RECORDS)
      const four = await SmtpSink.start('127.0.0.2')
      const six = await SmtpSink.start('::1')
      for (const [host, wanted] of HOSTS) {
        const smtproutes = `relayed.example:relay.example:${six.port}\n::${four.port}\n`
        const home = senderHome(t, way, { smtproutes })
        const sent = await send(t, { ...way, env: { ...way.env, DNSCACHEIP: dns.address } }, home, SMALL, { host })
        t.match(sent.verdict, wanted, host)
        if (!sent.verdict.startsWith('K')) continue
        sameText(t, asSent((sent.verdict.startsWith('K::1') ? six : four).next() ?? ''), SMALL, host)
      }
      await Promise.all([dns.stop(), four.stop(), six.stop()])
    })
  }
}

t.test('a name server that', { skip: WAYS[0]?.lacking ?? false }, async (t) => {
  const [way] = WAYS
  if (way === undefined) return
  for (const [what, lie] of Object.entries(LIES)) {
    const liar = await startLiar(lie)
    const home = senderHome(t, way, { timeoutdns: '1\n' })
    const began = Date.now()
    const { verdict } = await send(t, { ...way, env: { ...way.env, DNSCACHEIP: liar.address } }, home, SMALL)
    t.equal(verdict, "ZSorry, I couldn't find any host by that name. (#4.1.2)\n", what)
    t.ok(Date.now() - began < 3000, 'in time')
    await liar.stop()
  }
})
