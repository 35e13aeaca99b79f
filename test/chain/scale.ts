/**
 * The hosts of doc/scale.md on loopback addresses, set up and run by the commands of that document: two front ends, a
 * queue host, and Maildirs that all of them share.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Client } from './lib/client.ts'
import { family, kill } from './lib/killer.ts'
import { nameServer, REFUSED, run, USER } from './lib/mail.ts'
import { type Parcel, Sender } from './lib/sender.ts'
import { answers, BIN, freePort, lack, processesWith, until } from './lib/service.ts'

const DOCUMENT = readFileSync('doc/scale.md', 'latin1')
/** For tcpserver's rules the real ones, for everything else ours. */
const NEEDS = [
  'tcprules',
  'swaks',
  'smtp-source',
  'tcpserver',
  'sslserver',
  'qmail-smtpd',
  'qmail-ofmipd',
  'qmail-pop3d',
]
const PASSWORD = 'open sesame'
const CLIENTS = 6

/** The indented text that comes next in a section of the document, or next behind a mark in it; without indentation. */
function block(section: string, mark = ''): string {
  const text = DOCUMENT.slice(DOCUMENT.indexOf(`\n## ${section}\n`))
  const lines = text.slice(text.indexOf(mark)).split('\n')
  const behind = lines.slice(lines.findIndex((line) => line.startsWith('    ')))
  const length = behind.findIndex((line) => line !== '' && !line.startsWith('    '))
  return `${behind
    .slice(0, length)
    .map((line) => line.slice(4))
    .join('\n')
    .trimEnd()}\n`
}

/** What the hosts have in common. */
interface Net {
  readonly dir: string
  /** Port 25, 587 and 110 of each host. */
  readonly ports: Readonly<Record<string, number>>
  readonly nameServer: string
}

/** A host of the document: a qmail home, and services that run from it. */
class Host {
  readonly ip: string
  readonly home: string
  readonly #net: Net
  readonly #running: ChildProcess[] = []
  #log = ''

  constructor(name: string, ip: string, net: Net) {
    this.ip = ip
    this.home = join(net.dir, name)
    this.#net = net
    for (const dir of ['', 'control', 'bin', 'tmp']) mkdirSync(join(this.home, dir), { recursive: true })
    chmodSync(join(this.home, 'tmp'), 0o777)
    for (const program of readdirSync(BIN)) symlinkSync(join(BIN, program), join(this.home, 'bin', program))
  }

  get log(): string {
    return this.#log
  }

  port(wellKnown: number): number {
    return this.#net.ports[wellKnown] ?? 0
  }

  /** A text of the document as it is on this host. */
  fill(text: string): string {
    const { dir, ports, nameServer } = this.#net
    return text
      .replaceAll('env - ', `env - QMAILHOME=/var/qmail TMPDIR=/var/qmail/tmp DNSCACHEIP=${nameServer} `)
      .replaceAll('/var/qmail', this.home)
      .replaceAll('/home/mail', join(dir, 'mail'))
      .replaceAll('fe1.example.org', `${this.home.slice(dir.length + 1)}.example.org`)
      .replaceAll('192.0.2.', '127.0.2.')
      .replace(/\b(?:qmaild|vmail|ucspissl)\b/g, USER.name)
      .replace(/ 0 (25|587|110)\b/g, (_, port) => ` ${this.ip} ${ports[port]}`)
      .replaceAll('queue.example.org:queue.example.org', `$&:${ports[25]}`)
  }

  /** Has the first commands of a section run by a shell. */
  setUp(section: string): void {
    const env = { QMAILHOME: this.home, PATH: `${this.home}/bin:/usr/bin:/bin` }
    const input = `${PASSWORD}\n`
    const { status, stderr } = spawnSync('sh', ['-ec', this.fill(block(section))], { env, input, encoding: 'latin1' })
    if (status !== 0) throw new Error(`${section}: ${stderr}`)
  }

  write(path: string, text: string, mode: number): void {
    writeFileSync(join(this.home, path), text)
    chmodSync(join(this.home, path), mode)
  }

  /** Runs the script of a service, and waits until it listens. */
  async start(script: string, wellKnown: number): Promise<void> {
    const child = spawn('sh', ['-c', this.fill(script)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: '/usr/bin:/bin' },
    })
    child.stdout.on('data', (data: Buffer) => {
      this.#log += data.toString('latin1')
    })
    this.#running.push(child)
    const end = (): void => void child.kill('SIGTERM')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    if (!(await until(() => answers(this.port(wellKnown), this.ip)))) throw new Error(`no answer: ${this.log}`)
  }

  /** Ends its services. */
  async stop(): Promise<void> {
    for (const child of this.#running.splice(0)) await ended(child, () => child.kill('SIGTERM'))
  }

  /** The host dies: everything that runs on it, at once. */
  async die(): Promise<void> {
    const services = this.#running.splice(0)
    const pids = services.flatMap(({ pid }) => pid ?? [])
    for (const pid of [...pids, ...family(this.home, pids)]) kill(pid)
    for (const child of services) await ended(child, () => undefined)
    for (const pid of processesWith(this.home)) kill(pid)
  }

  /** Every file and directory that it has, with sizes and times. */
  files(): readonly string[] {
    return readdirSync(this.home, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((path) => {
        const { size, mtimeMs } = statSync(join(this.home, path))
        return `${path} ${size} ${path === 'tmp' ? '' : mtimeMs}`
      })
  }
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.on('exit', done))
  end()
  await gone
}

const QUEUE_HOST = 'The queue host'
const FRONT_END = 'A front end'
const SMTPD = '`/service/smtpd/run`'

/** All hosts, set up as the document says, and running. */
interface Hosts {
  readonly queue: Host
  readonly fronts: readonly [Host, Host]
  /** The Maildir of the one user. */
  readonly maildir: string
  readonly login: { readonly ca: Buffer; readonly name: string; readonly password: string }
}

async function startQueue(queue: Host): Promise<void> {
  await queue.start(block(QUEUE_HOST, SMTPD), 25)
}

async function startFront(front: Host): Promise<void> {
  await front.start(block(FRONT_END, SMTPD), 25)
  await front.start(block(FRONT_END, '`/service/submission/run`'), 587)
  await front.start(block(FRONT_END, '`/service/pop3d/run`'), 110)
}

async function startAll(net: Net): Promise<Hosts> {
  const queue = new Host('queue', '127.0.2.20', net)
  queue.setUp(QUEUE_HOST)
  await startQueue(queue)
  const fronts = [new Host('fe1', '127.0.2.11', net), new Host('fe2', '127.0.2.12', net)] as const
  for (const front of fronts) {
    front.setUp(FRONT_END)
    front.write('bin/hand-over', front.fill(block(FRONT_END, '`/var/qmail/bin/hand-over`')), 0o755)
    // The front ends leave from their own addresses without being told to; on one machine they have to be told.
    front.write('control/outgoingip', front.ip, 0o644)
    copyFileSync('test/cases/tls/mx.pem', join(front.home, 'control/servercert.pem'))
    await startFront(front)
  }
  const maildir = join(net.dir, 'mail/alice/Maildir')
  const login = { ca: readFileSync('test/cases/tls/ca.pem'), name: 'alice', password: PASSWORD }
  return { queue, fronts, maildir, login }
}

t.setTimeout(0)

t.test('two front ends, one queue host', { skip: lack(NEEDS, 'as root') }, async (t) => {
  t.setTimeout(0)
  // The first address has nobody: that must be no trouble.
  const dns = await nameServer({ 'queue.example.org': { A: ['127.0.2.21', '127.0.2.20'] } })
  const dir = mkdtempSync(join(tmpdir(), 'moreqmail-scale-'))
  chmodSync(dir, 0o755)
  const ports = { 25: await freePort(), 587: await freePort(), 110: await freePort() }
  const hosts = await startAll({ dir, ports, nameServer: dns.address })
  const { queue, fronts, maildir } = hosts
  t.teardown(async () => {
    for (const host of [queue, ...fronts]) await host.stop()
    dns.close()
    rmSync(dir, { recursive: true })
  })
  const before = fronts.map((front) => front.files())
  await t.test('each takes mail', (t) => takesMail(t, hosts))
  await t.test('many messages', (t) => many(t, hosts))
  await t.test('one front end dies', (t) => dies(t, hosts))
  await t.test('the queue host is away', (t) => away(t, hosts))
  await t.test('both give the mail by POP3', (t) => fetched(t, hosts))
  for (const host of [queue, ...fronts]) await host.stop()
  t.ok(await until(() => processesWith(dir).length === 0), 'no process is left')
  t.same(
    fronts.map((front) => front.files()),
    before,
    'the front ends are as they were',
  )
  t.same(readdirSync(join(maildir, 'tmp')), [], 'nothing is left in tmp')
})

/** The messages of the Maildir. */
function mailIn(maildir: string): readonly string[] {
  return ['new', 'cur'].flatMap((part) =>
    readdirSync(join(maildir, part)).map((name) => readFileSync(join(maildir, part, name), 'latin1')),
  )
}

async function takesMail(t: Test, { queue, fronts, maildir, login }: Hosts): Promise<void> {
  const send = (host: Host, port: number, ...options: readonly string[]) => {
    const usual = ['--from', 's@client.example', '--to', 'alice@example.org', '--helo', 'client.example']
    return run(['swaks', '--server', `${host.ip}:${host.port(port)}`, ...usual, ...options])
  }
  for (const front of fronts) {
    const count = mailIn(maildir).length
    t.equal((await send(front, 25)).code, 0, 'taken at port 25')
    t.equal((await send(front, 25, '--to', 'alice@example.org,alice-2@example.org')).code, 0, 'for two')
    t.equal((await send(front, 25, '--from', '<>')).code, 0, 'a bounce')
    t.equal(mailIn(maildir).length, count + 4, 'and there')
    const parcel = parcelOf('submitted')
    t.ok(await new Sender(front.port(587), login, front.ip).session([parcel]))
    t.ok(parcel.accepted, 'taken at port 587')
    t.equal(mailIn(maildir).length, count + 5, 'and there')
    const empty = { ...parcelOf('empty'), recipients: ['alice@example.org', ''] }
    await new Sender(front.port(25), undefined, front.ip).session([empty])
    t.notOk(empty.accepted, 'a message is not taken for some of its recipients only')
    const refused = await send(front, 25, '--to', 'bob@example.org')
    t.equal(refused.code, REFUSED.message)
    t.match(
      refused.text,
      /^<\*\* 554 .*sorry, no mailbox here by that name/m,
      'what the queue host says reaches the client',
    )
    t.equal((await send(front, 25, '--to', 'r@else.example')).code, REFUSED.rcpt, 'no relay')
  }
  for (const { ip } of fronts)
    t.ok(
      mailIn(maildir).some((text) => text.includes(`(${ip})`)),
      `some by ${ip}`,
    )
  t.not((await send(queue, 25)).code, 0, 'the queue host takes nothing from others')
  t.match(queue.log, /tcpserver: deny /)
}

/** Many messages by way of both at the same time: each arrives once. */
async function many(t: Test, { fronts, maildir }: Hosts): Promise<void> {
  const before = mailIn(maildir).length
  const path = { PATH: `${process.env['PATH']}:/usr/sbin` }
  const words = ['-s', '4', '-m', '40', '-l', '5000', '-M', 'source.example', '-f', 's@source.example']
  const outcomes = await Promise.all(
    fronts.map((front) =>
      run(['smtp-source', ...words, '-t', 'alice@example.org', `${front.ip}:${front.port(25)}`], path),
    ),
  )
  t.same(
    outcomes,
    fronts.map(() => ({ code: 0, text: '' })),
    'all were taken',
  )
  t.equal(mailIn(maildir).length - before, 80, 'as many have arrived')
}

/** A front end dies while both have work: clients go to the other, nothing is lost. */
async function dies(t: Test, { fronts, maildir, login }: Hosts): Promise<void> {
  const [one] = fronts
  const parcels = Array.from({ length: 40 }, (_, i) => parcelOf(`m-${i}`))
  const senders = fronts.flatMap((front) => [
    new Sender(front.port(25), undefined, front.ip),
    new Sender(front.port(587), login, front.ip),
  ])
  const waiting = [...parcels]
  let dead: Promise<void> | undefined
  let turn = 0
  const client = async (): Promise<void> => {
    for (let parcel = waiting.shift(); parcel !== undefined; parcel = waiting.shift()) {
      // Every client asks one front end after the other, as a mail program or a server with two addresses does.
      while (!parcel.accepted && turn < 1000) await senders[turn++ % senders.length]?.session([parcel])
      if (parcels.filter(({ accepted }) => accepted).length >= 12) dead ??= one.die()
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  await dead
  t.notOk(await answers(one.port(25), one.ip), 'it is dead')
  t.same(
    senders.flatMap(({ refusals, hangs }) => [...refusals, ...hangs]),
    [],
    'nothing was refused for good, nothing has hung',
  )
  const mail = mailIn(maildir)
  for (const { text, accepted, doubtful } of parcels) {
    const subject = /Subject: .*/.exec(text)?.[0]
    const copies = mail.filter((text) => text.includes(`\n${subject}\n`)).length
    const most = 1 + doubtful
    if (!accepted || copies < 1 || copies > most) t.fail(`${subject}: ${accepted}, ${copies} copies, ${most} at most`)
  }
  t.pass(`${parcels.reduce((sum, { doubtful }) => sum + doubtful, 0)} tries in doubt`)
  await startFront(one)
}

/** The queue host is away: nothing is taken, and nothing is refused for good. */
async function away(t: Test, { queue, fronts, maildir }: Hosts): Promise<void> {
  await queue.stop()
  const before = mailIn(maildir).length
  const parcels = fronts.map((_, i) => parcelOf(`away-${i}`))
  const senders = fronts.map((front) => new Sender(front.port(25), undefined, front.ip))
  const sendAll = () => Promise.all(senders.map((sender, i) => sender.session(parcels.slice(i, i + 1))))
  await sendAll()
  t.ok(parcels.every(({ accepted, doubtful }) => !accepted && doubtful === 1) && before === mailIn(maildir).length)
  await startQueue(queue)
  await sendAll()
  t.ok(parcels.every(({ accepted }) => accepted) && mailIn(maildir).length === before + 2, 'taken when it is back')
  t.same(
    senders.flatMap(({ refusals }) => refusals),
    [],
  )
}

/** Sessions with both front ends at a time, on the same Maildir. */
async function fetched(t: Test, { fronts, maildir }: Hosts): Promise<void> {
  // What has come within the same second is left for the next session.
  await delay(1100)
  const names = (): number => mailIn(maildir).length
  const count = names()
  const sessions = await Promise.all(fronts.map((front) => session(front)))
  const [one, two] = sessions
  if (one === undefined || two === undefined) return
  const lists = await Promise.all(sessions.map((client) => list(client, 'UIDL')))
  t.equal(lists[0]?.length, count, 'all mail')
  t.same(lists[0], lists[1], 'the same by both')
  t.match(await one.askLine('DELE 1'), /^\+OK/)
  t.match(await one.askLine('QUIT'), /^\+OK/)
  t.equal(names(), count - 1, 'removed')
  t.match(await two.askLine('RETR 1'), /^-ERR unable to open that message/, 'the other session can not open it')
  t.match(await two.askLine('QUIT'), /^\+OK/)
  const again = await session(fronts[1])
  t.same(await list(again, 'UIDL'), renumbered(lists[0]?.slice(1) ?? []), 'the next one sees all others, as before')
  t.match(await again.askLine('QUIT'), /^\+OK/)
  for (const client of [...sessions, again]) client.close()
}

/** A session that has logged in. */
async function session(front: Host): Promise<Client> {
  const client = Client.open(front.port(110), front.ip)
  await client.line()
  await client.askLine('STLS')
  await client.startTls()
  await client.askLine('USER alice')
  const reply = await client.askLine(`PASS ${PASSWORD}`)
  if (!reply.startsWith('+OK')) throw new Error(`POP3: ${reply}`)
  return client
}

async function list(client: Client, command: string): Promise<readonly string[]> {
  await client.askLine(command)
  const lines: string[] = []
  for (let line = await client.line(); line !== '.' && line !== ''; line = await client.line()) lines.push(line)
  return lines
}

function renumbered(lines: readonly string[]): readonly string[] {
  return lines.map((line, i) => line.replace(/^\d+/, String(i + 1)))
}

function parcelOf(id: string): Parcel {
  const text = `From: s@example.org\r\nTo: alice@example.org\r\nSubject: ${id}\r\n\r\nbody\r\n`
  return { sender: 's@example.org', recipients: ['alice@example.org'], text, accepted: false, doubtful: 0 }
}
