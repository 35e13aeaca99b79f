import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sys } from '@moreqmail/unix'
import t, { type Test } from 'tap'
import type { Zone } from '../../../test/lib/case.ts'
import { NameServer } from '../../../test/lib/name-server.ts'
import { makeHome, type Result, runRemote, type Setting, WAYS, writeFiles } from './lib/remote.ts'
import { faultOf } from './lib/rspawn.ts'
import { type Answers, FakeServer } from './lib/server.ts'

const NO_CONNECTION = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"
const DNS_FAILED = "ZSorry, I couldn't find any host by that name. (#4.1.2)\n\0"
const accepted = (ip: string) => `r\0K${ip} accepted message.\nRemote host said: 250 queued\n\0`

async function run(t: Test, setting: Setting): Promise<Result> {
  const result = await runRemote(setting)
  t.same([result.code, result.signal], [0, null])
  t.equal(faultOf(result.output, (setting.args?.length ?? 3) - 2), '')
  return result
}

async function dns(t: Test, zone: Zone): Promise<{ DNSCACHEIP: string }> {
  const server = await NameServer.start(zone)
  t.teardown(() => server.close())
  return { DNSCACHEIP: `127.0.0.1:${server.port}` }
}

/** Mail exchangers on 127.0.0.2, 127.0.0.3 and so on, in this order of preference, all on one port. */
async function exchangers(
  t: Test,
  all: ReadonlyArray<readonly Answers[]>,
): Promise<{ servers: FakeServer[]; home: string; env: Record<string, string> }> {
  const first = await FakeServer.start(t, all[0] ?? [], '127.0.0.2')
  const others = await Promise.all(
    all.slice(1).map((answers, i) => FakeServer.start(t, answers, `127.0.0.${i + 3}`, first.port)),
  )
  const names = all.map((_, i) => `m${i}.example`)
  const env = await dns(t, {
    'd.example': { MX: names.map((name, i) => [10 * i, name]) },
    ...Object.fromEntries(names.map((name, i) => [name, { A: [`127.0.0.${i + 2}`] }])),
  })
  return { servers: [first, ...others], home: makeHome(t, { 'control/smtproutes': `::${first.port}\n` }), env }
}

t.test('the next address', async (t) => {
  const failures: Record<string, Answers> = {
    'no word': { cut: 0 },
    greeting: { greeting: '554 no\r\n' },
    hello: { ehlo: '500 no\r\n', helo: '550 no\r\n' },
    'sender, for now': { mail: '451 no\r\n' },
    'died at MAIL': { hangUpAt: /^MAIL/ },
    'died at RCPT': { hangUpAt: /^RCPT/ },
  }
  for (const [name, answers] of Object.entries(failures)) {
    const { servers, home, env } = await exchangers(t, [[answers], [{}]])
    t.equal((await run(t, { home, env })).output, accepted('127.0.0.3'), name)
    t.equal(servers[1]?.heard[0]?.[4], 'hi\r\n.\r\n')
  }
  const finals: Record<string, Answers> = {
    'sender, for good': { mail: '550 no\r\n' },
    recipient: { rcpt: ['450 no\r\n'] },
    data: { data: '451 no\r\n' },
    message: { message: '451 no\r\n' },
    'died at DATA': { hangUpAt: /^DATA/ },
    'died behind the message': { hangUpAt: /^hi/ },
  }
  for (const [name, answers] of Object.entries(finals)) {
    const { servers, home, env } = await exchangers(t, [[answers], [{}]])
    t.notMatch((await run(t, { home, env })).output, /accepted message/, name)
    t.equal(servers[1]?.heard.length, 0)
  }
  const { home, env } = await exchangers(t, [[{ greeting: '421 one\r\n' }], [{ greeting: '421 two\r\n' }]])
  t.match((await run(t, { home, env })).output, /^ZConnected to 127\.0\.0\.2 .*421 one\n\0$/s, 'the first word')
})

t.test('the whole message for each address', async (t) => {
  const message = `Received: by x with UTF8SMTP; now\nSubject: x\n\n${'text\n'.repeat(40_000)}`
  const ehlo = '250-mx\r\n250 SMTPUTF8\r\n'
  for (const piped of [false, true]) {
    const { servers, home, env } = await exchangers(t, [
      [{ ehlo, mail: '451 no\r\n' }],
      [{ ehlo, mail: '451 no\r\n' }],
      [{ ehlo }],
    ])
    t.equal((await run(t, { home, env, message, piped })).output, accepted('127.0.0.4'))
    t.ok(servers[2]?.heard[0]?.[4] === `${message.replaceAll('\n', '\r\n')}.\r\n`)
    t.equal(servers[0]?.heard[0]?.[1], 'MAIL FROM:<s@b> SMTPUTF8', 'its header was looked at')
  }
  const sized = '250-mx\r\n250 SIZE\r\n'
  for (const piped of [false, true]) {
    const { servers, home, env } = await exchangers(t, [[{ ehlo: sized, mail: '451 no\r\n' }], [{ ehlo: sized }]])
    t.equal((await run(t, { home, env, piped })).output, accepted('127.0.0.3'))
    for (const { heard } of servers) t.equal(heard[0]?.[1], `MAIL FROM:<s@b>${piped ? '' : ' SIZE=3'}`)
  }
  const { home, env } = await exchangers(t, [[{ mail: '451 no\r\n' }], [{}]])
  const unspooled = await run(t, { home, env: { ...env, TMPDIR: '/nonexistent' }, piped: true })
  t.equal(unspooled.output, 'ZSystem resources temporarily unavailable. (#4.3.0)\n\0')
})

t.test('IPv6', async (t) => {
  const server = await FakeServer.start(t, [{}], '::1')
  const home = makeHome(t, { 'control/smtproutes': `d.example:[::1]:${server.port}\n` })
  t.equal((await run(t, { home })).output, accepted('::1'))
  t.notOk(existsSync(join(home, 'run')), 'no directory is made')
  mkdirSync(join(home, 'run/qmail-remote'), { recursive: true })
  t.equal((await run(t, { home })).output, accepted('::1'))
  t.equal(statSync(join(home, 'run/qmail-remote/tcpto6')).size, 64 * 28)
  writeFiles(home, { 'control/outgoingip': '127.0.0.1\n' })
  t.equal((await run(t, { home })).output, accepted('::1'), 'the address to connect from is of the other family')
})

t.test('what the DNS can do to us', async (t) => {
  const home = makeHome(t, { 'control/timeoutdns': '1\n' })
  for (const entry of ['SERVFAIL', 'TIMEOUT'] as const) {
    const { output, seconds } = await run(t, { home, env: await dns(t, { 'd.example': entry }) })
    t.equal(output, DNS_FAILED)
    t.ok(seconds < 3)
  }
  t.equal((await run(t, { home, env: { DNSCACHEIP: '127.0.0.1:1' } })).output, DNS_FAILED)
  const many = Array.from({ length: 300 }, (_, i) => [i, `m${i}.example`] as const)
  const env = await dns(t, { 'd.example': { MX: many }, 'm299.example': { A: ['127.0.0.1'] } })
  t.match((await run(t, { home, env })).output, /5\.4\.4/, 'a reply by TCP; the address beyond the limit is not seen')
  const strange = await dns(t, {
    'd.example': {
      MX: [
        [1, '.'],
        [2, 'a b.example'],
        [3, '\u0000\u00ff.example'],
      ],
    },
  })
  t.match((await run(t, { home, env: strange })).output, /5\.4\.4/)
})

/** A port that never answers: its queue of connections is full. */
function deafPort(t: Test): number {
  const listener = sys.socket(4, 0)
  sys.bind(listener, '127.0.0.1', 0)
  sys.listen(listener, 0)
  const name = sys.sockname(listener, 0)
  const port = typeof name === 'number' ? 0 : name[1]
  const callers = Array.from({ length: 4 }, () => {
    const caller = sys.socket(4, 0)
    sys.nonblock(caller, 1)
    sys.connect(caller, '127.0.0.1', port)
    return caller
  })
  t.teardown(() => {
    for (const fd of [listener, ...callers]) sys.close(fd)
  })
  return port
}

t.test('timeouts are counted', async (t) => {
  const home = makeHome(t, {
    'control/smtproutes': `:127.0.0.1:${deafPort(t)}\n`,
    'control/timeoutconnect': '1\n',
    'queue/lock/tcpto': new Uint8Array(1024),
  })
  const table = join(home, 'queue/lock/tcpto')
  const record = () => [...readFileSync(table)].slice(0, 5).join('.')
  const { output, seconds } = await run(t, { home })
  t.equal(output, NO_CONNECTION)
  t.ok(seconds < 3)
  t.equal(record(), '127.0.0.1.1')
  await run(t, { home })
  t.equal(record(), '127.0.0.1.1', 'the same outage')
  const bytes = readFileSync(table)
  bytes.writeUInt32LE(bytes.readUInt32LE(8) - 200, 8)
  writeFileSync(table, bytes)
  await run(t, { home })
  t.equal(record(), '127.0.0.1.2')
  const skipped = await run(t, { home })
  t.equal(skipped.output, NO_CONNECTION)
  t.ok(skipped.seconds < 0.9, 'left alone')
  const again = readFileSync(table)
  again.writeUInt32LE(again.readUInt32LE(8) - 64 * 92, 8)
  writeFileSync(table, again)
  writeFiles(home, { 'control/smtproutes': ':127.0.0.1:1\n' })
  await run(t, { home })
  t.equal(record(), '127.0.0.1.0', 'a host that refuses answers')
})

t.test('tables that are no use', async (t) => {
  const server = await FakeServer.start(t, [{}])
  const full = Buffer.alloc(1024, Buffer.from([127, 0, 0, 1, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0]))
  for (const length of [0, 1, 15]) {
    const home = makeHome(t, {
      'control/smtproutes': `:127.0.0.1:${server.port}\n`,
      'queue/lock/tcpto': full.subarray(0, length),
    })
    t.equal((await run(t, { home })).output, accepted('127.0.0.1'))
    t.equal(statSync(join(home, 'queue/lock/tcpto')).size, length)
  }
  const directory = makeHome(t, { 'control/smtproutes': `:127.0.0.1:${server.port}\n`, 'queue/lock/tcpto/': '' })
  t.equal((await run(t, { home: directory })).output, accepted('127.0.0.1'))
  const long = makeHome(t, {
    'control/smtproutes': `:127.0.0.1:${server.port}\n`,
    'queue/lock/tcpto': Buffer.concat([Buffer.alloc(1024, 1), full]),
  })
  t.equal((await run(t, { home: long })).output, accepted('127.0.0.1'), 'what is beyond 64 records does not count')
})

t.test('compiled smtproutes', async (t) => {
  const [one, two] = [await FakeServer.start(t, [{}]), await FakeServer.start(t, [{}])]
  const rules = (port: number, more = '') =>
    `# ours\nother.example:192.0.2.1\n:127.0.0.1:${port}  \nx:\nno colon\n${more}`
  const home = makeHome(t, { 'control/smtproutes': rules(one.port), 'run/qmail-remote/': '' })
  const compiled = join(home, 'run/qmail-remote/smtproutes.cdb')
  const source = join(home, 'control/smtproutes')
  /** Which server gets the mail. */
  const goesTo = async () => {
    const before = [one.heard.length, two.heard.length]
    const { output } = await run(t, { home })
    t.equal(output, accepted('127.0.0.1'))
    return [one.heard.length - (before[0] ?? 0), two.heard.length - (before[1] ?? 0)].join()
  }
  t.equal(await goesTo(), '1,0')
  t.ok(existsSync(compiled))
  t.equal(statSync(compiled).mode & 0o777, 0o600, 'there may be passwords')
  const { mtimeMs, ino } = statSync(compiled)
  t.equal(await goesTo(), '1,0')
  t.same([statSync(compiled).mtimeMs, statSync(compiled).ino], [mtimeMs, ino], 'not made again')

  writeFileSync(source, rules(two.port, 'y:z\n'))
  t.equal(await goesTo(), '0,1', 'another size')
  const { atime, mtime } = statSync(source)
  writeFileSync(source, rules(one.port, 'y:z\n'))
  utimesSync(source, atime, new Date(mtime.getTime() + 5000))
  t.equal(await goesTo(), '1,0', 'another time')

  for (const damage of ['', 'junk', readFileSync(compiled).fill(0, 0, 2048), readFileSync(compiled).subarray(0, -9)]) {
    writeFileSync(compiled, damage)
    t.equal(await goesTo(), '1,0', 'damaged')
    t.notSame(readFileSync(compiled), Buffer.from(damage), 'and made anew')
  }
  const label = readFileSync(compiled)
  label.fill(0xff, 2048 + 60, label.length - 300)
  writeFileSync(compiled, label)
  t.equal(await goesTo(), '1,0', 'damaged behind the label')
  t.same(readdirSync(join(home, 'run/qmail-remote')).sort(), ['smtproutes.cdb', 'smtproutes.lock'])
})

t.test('compiled smtproutes without a place', async (t) => {
  const server = await FakeServer.start(t, [{}])
  const text = `:127.0.0.1:${server.port}\n`
  const locked = makeHome(t, { 'control/smtproutes': text, 'run/qmail-remote/smtproutes.lock/': '' })
  t.equal((await run(t, { home: locked })).output, accepted('127.0.0.1'), 'no lock can be had')
  t.same(readdirSync(join(locked, 'run/qmail-remote')), ['smtproutes.lock'])
  const blocked = makeHome(t, { 'control/smtproutes': text, 'run/qmail-remote/smtproutes.cdb/': '' })
  t.equal((await run(t, { home: blocked })).output, accepted('127.0.0.1'))
  t.same(readdirSync(join(blocked, 'run/qmail-remote')).sort(), ['smtproutes.cdb', 'smtproutes.lock'])
  const gone = makeHome(t, { 'run/qmail-remote/': '' })
  t.match((await run(t, { home: gone, env: await dns(t, {}) })).output, /5\.1\.2/)
  t.same(readdirSync(join(gone, 'run/qmail-remote')), [], 'without smtproutes, nothing')
})

t.test('compiled smtproutes, many at once', async (t) => {
  const server = await FakeServer.start(t, [{}])
  const rules = Array.from({ length: 20_000 }, (_, i) => `h${i}.example:192.0.2.1\n`).join('')
  const home = makeHome(t, { 'control/smtproutes': `${rules}:127.0.0.1:${server.port}\n`, 'run/qmail-remote/': '' })
  const runs = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const own = makeHome(t)
      const env = { ...WAYS[i % 2], QMAILHOME: home }
      return run(t, { home: own, env })
    }),
  )
  for (const { output } of runs) t.equal(output, accepted('127.0.0.1'))
  t.same(readdirSync(join(home, 'run/qmail-remote')).sort(), ['smtproutes.cdb', 'smtproutes.lock'])
})
