import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BareLf, type Decision, newBody, newSession, type Policy } from '@moreqmail/smtp/server'
import { environment, latin1, Reader, sys, Writer } from '@moreqmail/unix'
import t from 'tap'
import { type Client, PLAIN_ENDINGS } from '../src/client.ts'
import { takeMessage } from '../src/message.ts'

const dir = mkdtempSync(join(tmpdir(), 'smtp-io-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))
sys.inheritable(new Int32Array(0))
sys.signal(13, 1) // PIPE, which Bun ignores from its start

const QUEUE = join(dir, 'qq')
writeFileSync(QUEUE, '#!/bin/sh\nexec 2>/dev/null\ncat >$D/m\ncat <&1 >$D/e\nexit $CODE\n', { mode: 0o755 })

const NEVER = (): never => {
  throw new Error('not asked')
}
const POLICY: Policy = {
  helo: NEVER,
  rewrite: NEVER,
  mail: NEVER,
  rcpt: NEVER,
  data: NEVER,
  message: NEVER,
  rset: NEVER,
  startTls: NEVER,
}
const SETTINGS = { greeting: '', smtputf8: false, nul: 'cut', tls: 'none', tlsUsable: false } as const
const TRANSACTION = { sender: 'a', utf8: false, recipients: ['b'], tried: 1, kept: 0 }

interface Wish {
  readonly databytes?: number
  readonly bareLf?: BareLf
  readonly fault?: (seen: string) => string | undefined
  readonly code?: number
  readonly queue?: string
}

interface Told {
  readonly decision: Decision
  readonly seen: string
  /** How often the end was told. */
  readonly ends: number
  readonly envelope: string | undefined
  readonly left: string
}

/** Sends this, and then nothing more. */
function send(wire: string, { databytes = 0, bareLf = 'refused', fault, code = 0, queue = QUEUE }: Wish = {}): Told {
  for (const name of ['m', 'e']) rmSync(join(dir, name), { force: true })
  environment().set('QMAILQUEUE', queue).set('D', dir).set('CODE', String(code)).set('PATH', '/bin:/usr/bin')
  const input = join(dir, 'in')
  writeFileSync(input, wire, 'latin1')
  const fd = sys.open(input, 0, 0)
  const client: Client = {
    input: new Reader(fd),
    output: new Writer(sys.open('/dev/null', 1, 0)),
    endings: { ...PLAIN_ENDINGS, gone: 5, failed: 7 },
  }
  let seen = ''
  let ends = 0
  client.input.more() // as the session does that has read DATA
  const session = newSession({ ...SETTINGS, databytes: BigInt(databytes) }, POLICY)
  const decision = takeMessage(client, session, TRANSACTION, newBody(bareLf), (queue) => ({
    put: (bytes) => {
      seen += latin1(bytes)
      queue.put(bytes)
    },
    end: () => {
      ends++
      queue.puts('end')
    },
    fault: () => fault?.(seen),
  }))
  sys.close(fd)
  const envelope = existsSync(join(dir, 'e')) ? readFileSync(join(dir, 'e'), 'latin1') : undefined
  return { decision, seen, ends, envelope, left: latin1(client.input.buffered) }
}

const refused = ({ decision }: Told) => ('refuse' in decision ? [decision.refuse, decision.exit] : 'accepted')

t.test('a message that is taken', async (t) => {
  const told = send('a\r\n..b\r\n.\r\nQUIT\r\n')
  t.match('accept' in told.decision && told.decision.accept, /^250 ok \d{10} qp \d+$/)
  t.same([told.seen, told.ends, told.left, told.envelope], ['a\n.b\n', 1, 'QUIT\r\n', 'Fa\0Tb\0\0'])
  t.equal(readFileSync(join(dir, 'm'), 'latin1'), 'a\n.b\nend')
  t.equal(send('.\r\n').ends, 1)
})

t.test('sizes', async (t) => {
  const tooBig = '552 sorry, that message size exceeds my databytes limit (#5.3.4)'
  t.equal(refused(send('abc\r\n.\r\n', { databytes: 4 })), 'accepted')
  const told = send('abcd\r\n.\r\nQUIT\r\n', { databytes: 4 })
  t.same([refused(told), told.ends, told.envelope, told.left], [[tooBig, undefined], 0, '', 'QUIT\r\n'])
  const large = send(`${'x'.repeat(70)}\r\n`.repeat(10_000), { databytes: 100_000 })
  t.same(refused(large), [undefined, 5], 'the client has gone')
  t.ok(large.seen.length < 100_000 + 65536)
})

t.test('faults of the server go first, and nothing is passed on after them', async (t) => {
  const large = `abc\r\n${'x'.repeat(200_000)}\r\n.\r\nQUIT\r\n`
  const both = send(large, { fault: () => '554 no', databytes: 10 })
  t.same([refused(both), both.ends, both.seen], [['554 no', undefined], 0, ''])
  const late = send(large, { fault: (seen) => (seen.length > 3 ? '554 no' : undefined) })
  t.same([refused(late), late.ends, late.envelope, late.left], [['554 no', undefined], 0, '', 'QUIT\r\n'])
  t.ok(late.seen.length <= 65536)
})

t.test('a fault that shows at the end', async (t) => {
  let asked = 0
  const told = send('a\r\n.\r\n', { fault: () => (++asked > 2 ? '554 late' : undefined) })
  t.same([refused(told), told.ends, told.envelope], [['554 late', undefined], 1, ''])
})

t.test('what ends the session', async (t) => {
  t.same(refused(send('')), [undefined, 5])
  t.same(refused(send('a\r\n')), [undefined, 5])
  t.same(refused(send('a\n.\r\n')), ['451 See https://cr.yp.to/docs/smtplf.html.', 7])
  t.same(refused(send('a\nb\r\n.\r\n', { bareLf: 'accepted' })), 'accepted')
  t.same(refused(send('a\n.\r\n', { bareLf: 'accepted' })), ['451 See https://cr.yp.to/docs/smtplf.html.', 7])
})

t.test('what the queue program says', async (t) => {
  t.same(refused(send('.\r\n', { code: 31 })), ['554 mail server permanently rejected message (#5.3.0)', undefined])
  t.same(refused(send('.\r\n', { code: 53 })), ['451 qq write error or disk full (#4.3.0)', undefined])
  t.same(refused(send('.\r\n', { queue: '/none' })), ['451 unable to exec qq (#4.3.0)', undefined])
})
