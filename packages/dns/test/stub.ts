import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { now, sys } from '@moreqmail/unix'
import t from 'tap'
import type { RecordType, Resolver } from '../src/answer.ts'
import { Asking } from '../src/asking.ts'
import { type Server, type Stub, stubResolver } from '../src/index.ts'

interface Entry {
  readonly name: string
  readonly type: number
  readonly via: 'udp' | 'tcp'
  readonly edns: boolean
  readonly time: number
}

const liar: ChildProcess = fork('packages/dns/test/lib/liar.mjs')
t.teardown(() => liar.kill())
const [{ port, six }] = (await once(liar, 'message')) as [{ port: number; six: boolean }]
const LIAR: Server = { ip: '127.0.0.1', port }

/** What the server was asked since the last time. */
async function log(): Promise<readonly Entry[]> {
  liar.send('log')
  const [entries] = (await once(liar, 'message')) as [Entry[]]
  return entries
}

/** A server that takes queries and does nothing. */
function silent(): Server {
  const fd = sys.socket(4, 1)
  sys.bind(fd, '127.0.0.1', 0)
  const name = sys.sockname(fd, 0)
  return { ip: '127.0.0.1', port: typeof name === 'object' ? name[1] : 0 }
}

/** A port where nobody is. */
function dead(): Server {
  const fd = sys.socket(4, 1)
  sys.bind(fd, '127.0.0.1', 0)
  const name = sys.sockname(fd, 0)
  sys.close(fd)
  return { ip: '127.0.0.1', port: typeof name === 'object' ? name[1] : 0 }
}

/** The result, and how many milliseconds it took. */
function timed<T>(work: () => T): readonly [T, number] {
  const began = now()
  return [work(), now() - began]
}

const stub = (servers: readonly Server[] = [LIAR], seconds = 10): Stub => stubResolver({ servers, seconds })
const descriptors = () => readdirSync('/proc/self/fd').length
const atStart = descriptors()
t.teardown(() => {
  // Those of the silent servers are kept.
  if (descriptors() > atStart + 5) throw new Error(`${descriptors() - atStart} descriptors left open`)
})

const RIGHT = { status: 'found', records: ['192.0.2.1'] }
const none = (status: string) => ({ status, records: [] })

t.test('plain answers', async (t) => {
  const { lookup } = stub()
  t.match(lookup('right.example', 'A'), { ...RIGHT, name: 'right.example' })
  t.match(lookup('RIGHT.Example.', 'A'), { ...RIGHT, name: 'RIGHT.Example' })
  t.match(lookup('case.example', 'A'), RIGHT)
  t.match(lookup('nxdomain.example', 'A'), none('nxdomain'))
  t.match(lookup('nodata.example', 'A'), none('nodata'))
  t.match(lookup('servfail.example', 'A'), none('servfail'))
  t.match(lookup('refused.example', 'A'), none('refused'))
  t.match(lookup('headless.example', 'A'), none('refused'))
  t.match(lookup('malformed.example', 'A'), none('servfail'))
  t.match(lookup('miscounted.example', 'A'), none('servfail'))
  t.match(lookup('right.example', 'TXT'), { status: 'found', records: [['right']] })
  const entries = await log()
  t.equal(entries.length, 11, 'each is asked for once')
  t.ok(entries.every(({ edns, via }) => edns && via === 'udp'))
})

t.test('names that there cannot be are not asked for', async (t) => {
  const { lookup } = stub()
  for (const name of ['', 'a..b', `${'x'.repeat(64)}.example`, 'x.'.repeat(200), '\u0100'])
    t.match(lookup(name, 'A'), { ...none('nxdomain'), name })
  t.same(await log(), [])
})

t.test('what is no reply is ignored', async (t) => {
  for (const kind of ['wrong-id', 'wrong-question', 'wrong-source', 'garbage', 'echo']) {
    const [answer, ms] = timed(() => stub().lookup(`${kind}.example`, 'A'))
    t.match(answer, RIGHT, kind)
    t.ok(ms >= 45 && ms < 990, `${ms.toFixed(1)} ms`)
  }
  const [answer, ms] = timed(() => stub([LIAR], 0.5).lookup('flood.example', 'A'))
  t.match(answer, none('timeout'), 'wrong ones without end')
  t.ok(ms >= 495 && ms < 1400, `${ms.toFixed(1)} ms`)
  await log()
})

t.test('TCP', async (t) => {
  const { lookup } = stub()
  const text = Array.from({ length: 80 }, () => 'x'.repeat(250))
  t.match(lookup('tc.example', 'TXT'), { status: 'found', records: [text] })
  t.same(
    (await log()).map(({ via }) => via),
    ['udp', 'tcp'],
  )
  t.match(lookup('tc-full.example', 'TXT').records[0]?.length, 256, '65535 bytes')
  t.match(lookup('tc-drip.example', 'A'), RIGHT, 'a byte at a time')
  for (const kind of ['close', 'reset', 'half', 'nothing', 'id', 'tc', 'garbage']) {
    const [answer, ms] = timed(() => lookup(`tc-${kind}.example`, 'TXT'))
    t.match(answer, none('timeout'), kind)
    t.ok(ms < 990, `${ms.toFixed(1)} ms`)
  }
  t.match(lookup('tc-servfail.example', 'TXT'), none('servfail'))
  for (const kind of ['slow', 'silent']) {
    const [answer, ms] = timed(() => stub([LIAR], 1).lookup(`tc-${kind}.example`, 'TXT'))
    t.match(answer, none('timeout'), kind)
    t.ok(ms >= 995 && ms < 1900, `${ms.toFixed(1)} ms`)
  }
  const [late, ms] = timed(() => lookup('tc-silent.example', 'TXT'))
  t.match(late, none('timeout'))
  t.ok(ms >= 4990 && ms < 6000, `${ms.toFixed(1)} ms: a server that is silent by TCP is not asked again`)
})

t.test('a reply by UDP may be too large', (t) => {
  t.match(stub().lookup('fat.example', 'TXT').records[0]?.length, 14)
  t.end()
})

t.test('EDNS', async (t) => {
  t.match(stub().lookup('no-edns.example', 'A'), RIGHT)
  t.same(
    (await log()).filter(({ name }) => name === 'no-edns.example').map(({ edns }) => edns),
    [true, false],
  )
  t.match(stub().lookup('never-edns.example', 'A'), none('servfail'))
  t.equal((await log()).length, 2)
})

t.test('tries', async (t) => {
  const [answer, ms] = timed(() => stub().lookup('second.example', 'A'))
  t.match(answer, RIGHT)
  t.ok(ms >= 995 && ms < 1900, `${ms.toFixed(1)} ms`)
  await log()
  const [never, limit] = timed(() => stub([LIAR], 4.5).lookup('silent.example', 'A'))
  t.match(never, none('timeout'))
  t.ok(limit >= 4495 && limit < 5500, `${limit.toFixed(1)} ms`)
  const times = (await log()).map(({ time }) => time)
  t.equal(times.length, 3)
  t.ok(Math.abs(times[1]! - times[0]! - 1000) < 500, 'the second after a second')
  t.ok(Math.abs(times[2]! - times[1]! - 3000) < 500, 'the third after three more')
})

t.test('at most four tries', async (t) => {
  const asking = new Asking('silent.example', 'A', [LIAR, silent()], Number.POSITIVE_INFINITY)
  const began = now()
  asking.start()
  const waits: number[] = []
  while (!asking.done && waits.length < 100) {
    waits.push(Math.round((asking.until - began) / 1000))
    asking.late()
  }
  t.same(waits, [1, 3, 5, 11])
  t.match(asking.answer, none('timeout'))
  t.equal(asking.fd, -1)
  await sleep(100) // nobody has waited for it to read them
  t.equal((await log()).length, 2, 'each server two of them')
})

t.test('several servers', async (t) => {
  const mute = silent()
  const resolver = stub([mute, LIAR])
  const [first, ms] = timed(() => resolver.lookup('right.example', 'A'))
  t.match(first, RIGHT, 'the second if the first is silent')
  t.ok(ms >= 995 && ms < 1900, `${ms.toFixed(1)} ms`)
  const [second, again] = timed(() => resolver.lookup('right.example', 'A'))
  t.match(second, RIGHT)
  t.ok(again < 900, `who answers is asked first from then on: ${again.toFixed(1)} ms`)
  await log()

  const [answer, quick] = timed(() => stub([dead(), dead(), LIAR]).lookup('right.example', 'A'))
  t.match(answer, RIGHT, 'at once if nobody is there')
  t.ok(quick < 990, `${quick.toFixed(1)} ms`)
  const [nobody, soon] = timed(() => stub([dead(), dead()]).lookup('right.example', 'A'))
  t.match(nobody, none('timeout'), 'nobody at all')
  t.ok(soon < 990, `${soon.toFixed(1)} ms`)
  await log()

  t.match(stub([LIAR, LIAR]).lookup('servfail.example', 'A'), none('servfail'))
  t.equal((await log()).length, 2, 'each is asked once when they fail')
  t.match(
    stub([LIAR, dead()]).lookup('refused.example', 'A'),
    none('refused'),
    'what was said counts more than silence',
  )
  t.match(stub([LIAR, LIAR]).lookup('nxdomain.example', 'A'), none('nxdomain'))
  t.match(stub([LIAR, LIAR]).lookup('nodata.example', 'A'), none('nodata'))
  t.equal((await log()).length, 3, 'that there is nothing is an answer')

  const odd: Server[] = [
    { ip: '255.255.255.255', port: 53 },
    { ip: 'x', port: 53 },
    { ip: '::1%nosuch', port: 53 },
  ]
  t.match(stub([...odd, LIAR]).lookup('right.example', 'A'), RIGHT, 'who can not be asked is passed over')
  t.match(stub([]).lookup('right.example', 'A'), none('timeout'), 'no server')
  await log()
})

t.test('IPv6', { skip: six ? false : 'there is no ::1' }, async (t) => {
  t.match(stub([{ ip: '::1', port }]).lookup('wrong-source.example', 'A'), RIGHT)
  await log()
})

t.test('many questions at once', async (t) => {
  const names = Array.from({ length: 350 }, (_, i) => `right.n${i}.example`)
  const [answers, ms] = timed(() => stub().resolve(names.map((name) => ({ name, type: 'A' }))))
  t.same(
    answers.map(({ status, name }) => [status, name]),
    names.map((name) => ['found', name]),
    'in the order of the questions',
  )
  t.ok(ms < 2000, `${ms.toFixed(1)} ms`)
  t.equal(new Set((await log()).map(({ name }) => name)).size, 350)

  const kinds = ['wrong-id', 'second', 'servfail', 'silent', 'tc-drip', 'tc-slow', 'nxdomain', 'a..b', 'right']
  const mixed = kinds.map((kind) => ({ name: `${kind}.mixed.example`, type: 'A' as RecordType }))
  const [results, longest] = timed(() => stub([LIAR], 2).resolve(mixed))
  t.same(
    results.map(({ status }) => status),
    ['found', 'found', 'servfail', 'timeout', 'found', 'timeout', 'nxdomain', 'nxdomain', 'found'],
  )
  t.ok(longest >= 1995 && longest < 2900, `the slowest decides: ${longest.toFixed(1)} ms`)
  await log()

  const same = stub().resolve([
    { name: 'right.example', type: 'A' },
    { name: 'right.example', type: 'TXT' },
    { name: 'right.example', type: 'A' },
  ])
  t.same(
    same.map(({ status }) => status),
    ['found', 'found', 'found'],
  )
  t.equal((await log()).length, 2, 'the same question is asked once')
  t.same(stub().resolve([]), [])
})

t.test('one limit for all', (t) => {
  const { lookup, resolve } = stub([silent()], 0.6)
  const [, ms] = timed(() => {
    lookup('a.example', 'A')
    lookup('b.example', 'A')
    return resolve([
      { name: 'c.example', type: 'MX' },
      { name: 'd.example', type: 'MX' },
    ])
  })
  t.ok(ms >= 595 && ms < 1500, `${ms.toFixed(1)} ms`)
  t.end()
})

t.test('few descriptors', (t) => {
  const limit = sys.nofile(0)
  const used = new Set(readdirSync('/proc/self/fd').map(Number))
  const free = Array.from({ length: 300 }, (_, i) => i).filter((fd) => !used.has(fd))
  t.teardown(() => sys.nofile(limit))
  const names = Array.from({ length: 200 }, (_, i) => ({ name: `right.n${i}.example`, type: 'A' as const }))
  sys.nofile(free[4]!)
  const [answers, ms] = timed(() => stub().resolve(names))
  sys.nofile(limit)
  t.ok(
    answers.every(({ status }) => status === 'found'),
    `${ms.toFixed(1)} ms`,
  )
  sys.nofile(3)
  const [nothing, wait] = timed(() => stub([LIAR], 0.5).lookup('right.example', 'A'))
  sys.nofile(limit)
  t.match(nothing, none('timeout'), 'none at all')
  t.ok(wait >= 495 && wait < 1400, `${wait.toFixed(1)} ms`)
  t.end()
})

t.test('ids and ports differ', (t) => {
  const seen = new Set<string>()
  const fd = sys.socket(4, 1)
  sys.bind(fd, '127.0.0.1', 0)
  const name = sys.sockname(fd, 0)
  const here: Server = { ip: '127.0.0.1', port: typeof name === 'object' ? name[1] : 0 }
  const buffer = new Uint8Array(512)
  stub([here], 0.1).resolve(Array.from({ length: 50 }, (_, i) => ({ name: `n${i}.example`, type: 'A' as const })))
  for (let i = 0; i < 50; i++) {
    const n = sys.read(fd, buffer, 0, buffer.length)
    if (n > 2) seen.add(`${buffer[0]} ${buffer[1]}`)
  }
  sys.close(fd)
  t.ok(seen.size >= 48, `${seen.size} different ids of 50`)
  t.end()
})

t.test('a lookup is a resolver', async (t) => {
  const resolver: Resolver = stub().lookup
  const { records } = await resolver('right.example', 'A')
  t.same(records, ['192.0.2.1'])
})
