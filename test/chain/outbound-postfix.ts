/** qmail-remote to Debian's Postfix: TLS by every policy, SIZE, PIPELINING, SMTPUTF8, and each message byte for byte. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NameServer } from '../lib/name-server.ts'
import {
  asSent,
  type Envelope,
  isThorough,
  LINE_ENDS,
  MESSAGES,
  type Sent,
  sameText,
  send,
  senderHome,
  WAYS,
  type Way,
} from './lib/outbound.ts'
import { LARGEST, MX, Postfix, type ServiceName, SUBMISSIONS } from './lib/postfix.ts'
import { lack } from './lib/service.ts'

t.setTimeout(0)

const KEYS = 'test/cases/tls'
const key = (name: string): string => readFileSync(join(KEYS, name), 'latin1')
const CA = key('ca.pem')
const SMALL = MESSAGES['small'] ?? ''
/** As far as messages go: Postfix takes none that is larger. */
const FITTING = Object.entries(MESSAGES).filter(([, text]) => text.length < LARGEST)

const IN_TLS = /\(using TLSv1\.3 with cipher [^)]*\)/
const CLEAR = /^(?!.*\(using TLS)/s
const UTF8 = /\n\tby mx\.example \(Postfix\) with UTF8SMTPS? id /

t.test('Postfix', { skip: lack(['postfix', 'postconf'], 'as root') }, async (t) => {
  t.setTimeout(0)
  const postfix = await Postfix.start()
  const zone = {
    'd.example': { MX: [[10, 'mx.example']] },
    'xn--bcher-kva.example': { MX: [[10, 'mx.example']] },
    'mx.example': { A: [MX] },
    'relay.example': { AAAA: ['::1'] },
    'smtps.example': { A: [SUBMISSIONS] },
  } as const
  const dns = await NameServer.start(zone as never)
  t.teardown(() => {
    dns.close()
    postfix.stop()
  })
  for (const way of WAYS) {
    const named: Way = { ...way, env: { ...way.env, DNSCACHEIP: `127.0.0.1:${dns.port}` } }
    await t.test(way.name, { skip: way.lacking }, async (t) => {
      await t.test('messages', (t) => messages(t, postfix, named))
      await t.test('policies', (t) => policies(t, postfix, named))
      await t.test('SIZE and PIPELINING', (t) => limits(t, postfix, named))
      await t.test('SMTPUTF8', (t) => international(t, postfix, named))
    })
  }
})

/** The rest of the route of a message to a service that the DNS leads to. */
const byName = (postfix: Postfix, service: ServiceName): string => `::${postfix.port(service)}\n`

interface Outcome extends Sent {
  /** What Postfix has delivered; '' if the verdict says that it has not. */
  readonly arrived: string
}

async function deliver(
  t: Test,
  postfix: Postfix,
  way: Way,
  control: Readonly<Record<string, string>>,
  envelope: Envelope = {},
  message = SMALL,
): Promise<Outcome> {
  const home = senderHome(t, way, control)
  const sent = await send(t, way, home, message, envelope)
  if (!sent.verdict.startsWith('K')) return { ...sent, arrived: '' }
  const arrived = (await postfix.next()) ?? ''
  sameText(t, asSent(arrived), asSent(message), 'what was delivered')
  return { ...sent, arrived }
}

/** All messages, in clear and by TLS, by both families. */
async function messages(t: Test, postfix: Postfix, way: Way): Promise<void> {
  const ends = Object.entries(LINE_ENDS).map(([name, [text, wanted]]) => [name, text, wanted] as const)
  const all = [...FITTING.map(([name, text]) => [name, text, text] as const), ...ends]
  const services = isThorough(way) ? (['plain', 'offered', 'unpipelined'] as const) : (['offered'] as const)
  for (const service of services) {
    for (const host of ['127.0.0.1', ...(way.six ? ['[::1]'] : [])]) {
      const home = senderHome(t, way, { smtproutes: `:${host}:${postfix.port(service)}\n` })
      for (const [name, text, wanted] of all) {
        const { output } = await send(t, way, home, text)
        const ip = host.replace(/[[\]]/g, '')
        t.match(output, /^r\0K\S+ accepted message\.\nRemote host said: 250 2\.0\.0 Ok: queued as \w+\n\0$/, name)
        t.ok(output.includes(`K${ip} `), ip)
        const arrived = (await postfix.next()) ?? ''
        sameText(t, asSent(arrived), wanted, `${name} to ${service} at ${host}`)
        t.match(arrived, service === 'offered' ? IN_TLS : CLEAR)
        t.match(arrived, /^Received: from client\.example \(/m)
      }
    }
  }
}

/** Section by section what control files and environment make of TLS. */
async function policies(t: Test, postfix: Postfix, way: Way): Promise<void> {
  const to = (service: ServiceName, control: Readonly<Record<string, string>> = {}, message = SMALL) =>
    deliver(t, postfix, way, { smtproutes: byName(postfix, service), ...control }, {}, message)
  const anchors = { trustanchors: `${process.cwd()}/${KEYS}/ca.pem\n` }
  const strict = { ...anchors, tlsstrictness: '2\n' }
  const pinned = { 'tlshosts/mx.example.pem': CA }
  const none = (cause: string) => `ZNo TLS achieved while ${cause}; connecting to 127.0.0.2.\n`
  const failed = /^ZTLS connect failed(?:: [ -~]+)?; connected to 127\.0\.0\.2\.\n$/

  t.match((await to('offered')).arrived, IN_TLS, 'opportunistic')
  t.match((await to('plain')).arrived, CLEAR, 'opportunistic, not offered')
  t.match((await to('required')).arrived, IN_TLS, 'the server requires it')
  t.match((await to('offered', { 'notlshosts/mx.example': '' })).arrived, CLEAR, 'never')
  t.match(
    (await to('required', { 'notlshosts/mx.example': '' })).verdict,
    /^DConnected to 127\.0\.0\.2 but sender was rejected\.\nRemote host said: 530 5\.7\.0 Must issue a STARTTLS command first\n$/,
  )
  t.match((await to('offered', { 'tlshosts/exhaustivelist': '' })).arrived, CLEAR, 'only those that are listed')
  t.match((await to('offered', { 'tlshosts/exhaustivelist': '', ...pinned })).arrived, IN_TLS, 'a listed one')
  t.match((await to('offered', pinned)).arrived, IN_TLS, 'verified')
  t.equal((await to('plain', pinned)).verdict, none('control/tlshosts/mx.example.pem exists'))
  t.match((await to('offered', { 'tlshosts/mx.example.pem': key('ca2.pem') })).verdict, failed, 'another authority')
  t.match((await to('offered', strict)).arrived, IN_TLS, 'strictness 2')
  t.equal((await to('plain', strict)).verdict, none('control/tlsstrictness requires it'))
  const stranger = { ...strict, trustanchors: `${process.cwd()}/${KEYS}/ca2.pem\n` }
  t.match((await to('offered', stranger)).verdict, failed, 'strictness 2, another authority')
  t.match((await to('plain', { ...anchors, tlsstrictness: '1\n' })).arrived, CLEAR, 'strictness 1, nobody has it')
  t.match((await to('offered', { ...anchors, tlsstrictness: '1\n' })).arrived, IN_TLS, 'strictness 1')

  const certificate = {
    clientcert: `${process.cwd()}/${KEYS}/client.pem\n`,
    clientkey: `${process.cwd()}/${KEYS}/client.key\n`,
  }
  t.match(
    (await to('certified', { ...certificate, ...anchors })).arrived,
    /\(Client CN "client\.example"|\(Client CN "[^"]*", Issuer "[^"]*" \(verified OK\)\)/,
    'a certificate of our own',
  )
  t.equal((await to('certified')).verdict.charAt(0), 'Z', 'without one')
  t.match(
    (await to('offered', { tlsclientciphers: 'ECDHE-RSA-AES256-GCM-SHA384\nECDHE-ECDSA-AES256-GCM-SHA384\n' })).arrived,
    /\(using TLSv1\.[23] with/,
  )

  const from = await deliver(t, postfix, way, { smtproutes: `:smtps.example:465\n`, outgoingip: '127.0.0.77\n' })
  t.match(from.arrived, IN_TLS, 'TLS from the start')
  t.match(from.arrived, / \(unknown \[127\.0\.0\.77\]\)/, 'from an address of our choice')
  if (way.six) {
    const relay = await deliver(t, postfix, way, {
      smtproutes: `:relay.example:${postfix.port('offered')}\n`,
      outgoingip: '127.0.0.77\n',
    })
    t.match(
      relay.arrived,
      / \((?:localhost|unknown) \[IPv6:::1\]\)/,
      'a relay with IPv6 only, whatever address there is for IPv4',
    )
    t.match(relay.arrived, IN_TLS)
  }
}

async function limits(t: Test, postfix: Postfix, way: Way): Promise<void> {
  const big = `${SMALL}${'x'.repeat(990)}\n`.repeat(LARGEST / 900)
  const to = (service: ServiceName, message: string, envelope: Envelope = {}) =>
    deliver(t, postfix, way, { smtproutes: byName(postfix, service) }, envelope, message)
  const large = await to('offered', big)
  t.equal(
    large.verdict,
    `DConnected to 127.0.0.2 but message size ${big.length} exceeds its limit of ${LARGEST}. (#5.3.4)\n`,
  )
  t.match(
    (await to('unpipelined', big)).verdict,
    /^D127\.0\.0\.2 failed after I sent the message\.\nRemote host said: 552 5\.3\.4 /,
    'where the limit is not announced',
  )
  const recipients = Array.from(
    { length: 200 },
    (_, i) => `${i % 3 === 1 ? 'refused' : i % 3 === 2 ? 'later' : `r${i}`}@d.example`,
  )
  for (const service of ['offered', 'plain', 'unpipelined'] as const) {
    const { output } = await to(service, SMALL, { recipients })
    const records = output.split('\0')
    t.same(
      records
        .slice(0, 200)
        .map((record) => record.charAt(0))
        .join(''),
      'rhs'.repeat(67).slice(0, 200),
      service,
    )
    t.match(records[1], /^h127\.0\.0\.2 does not like recipient\.\nRemote host said: 550 5\.1\.1 .*nobody here\n$/)
    t.match(records[200], /^K127\.0\.0\.2 accepted message\.\n/)
    // Each of the accepted ones has a message of its own.
    for (let i = 1; i < 67 && output.includes('\0K'); i++)
      sameText(t, asSent((await postfix.next()) ?? ''), SMALL, `for recipient ${i}`)
  }
  const none = await to('offered', SMALL, { recipients: ['later@d.example', 'refused@d.example'] })
  t.match(none.output, /^s127[^\0]*\0h127[^\0]*\0DGiving up on 127\.0\.0\.2\.\n\0$/)
  t.equal((await to('offered', SMALL, { sender: '' })).verdict.charAt(0), 'K', 'a bounce')
  t.equal(
    (
      await to('offered', SMALL, { sender: 'a b"c@client.example', recipients: ['.odd..one@d.example'] })
    ).verdict.charAt(0),
    'K',
    'quoted',
  )
}

async function international(t: Test, postfix: Postfix, way: Way): Promise<void> {
  const utf8 = (text: string): string => Buffer.from(text).toString('latin1')
  const domain = utf8('b\u00fccher.example')
  const control = { smtproutes: byName(postfix, 'offered') }
  const to = (envelope: Envelope, message = SMALL) => deliver(t, postfix, way, control, envelope, message)
  const local = await to({
    host: domain,
    sender: utf8('j\u00f6@client.example'),
    recipients: [utf8('j\u00fc@') + domain],
  })
  t.match(local.arrived, UTF8)
  t.ok(local.arrived.includes(utf8('Delivered-To: j\u00fc@b\u00fccher.example\n')))
  const inDomain = await to({ host: domain, recipients: [`r@${domain}`] })
  t.match(inDomain.arrived, UTF8)
  const header = `Received: from x by y with UTF8SMTP; now\n${SMALL}`
  t.match((await to({}, header)).arrived, UTF8, 'a message that has come so')
  t.match((await to({}, `X-First: yes\nSubject: ${utf8('\u00fc')}\n\nx\n`)).arrived, /with ESMTPS id/, 'not needed')
}
