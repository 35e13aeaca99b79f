/**
 * Submission and port 25 under load while their processes are killed at random: nothing that was accepted is lost,
 * nothing is there twice that can't be, and nothing is left behind.
 *
 * A client knows that its message was taken by the 250 and by nothing else. If a process dies between the moment the
 * message is safe and the 250, the client sends it again, and it is there twice: SMTP knows no other way. So every
 * message must be there once at least, and no more often than it was accepted or may have been.
 *
 * SOAK_MESSAGES: how many in all, default 300. SOAK_SEED: which messages, and when what is killed.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Random } from '../lib/fuzz.ts'
import { family, type Holdings, holdings, Killer, openFiles } from './lib/killer.ts'
import { mailHome, USER } from './lib/mail.ts'
import { Running, type Startable } from './lib/running.ts'
import { type Parcel, Sender } from './lib/sender.ts'
import { BIN, lack, until } from './lib/service.ts'

const MESSAGES = Number(process.env['SOAK_MESSAGES'] ?? 300)
const SEED = Number(process.env['SOAK_SEED'] ?? 1)
const CLIENTS = 10
/** A client that can't connect waits so long, in milliseconds. */
const PAUSE = 50
/** So much may the memory of a listener grow, in kilobytes: the engine first collects its garbage at about 10 MB. */
const GROWTH = 16384
/** So many sessions are more than enough for so many messages: a server that takes none has to show. */
const MAX_SESSIONS = (messages: number): number => 500 + 5 * messages

/** Of which messages consist. It goes over the wire with one more dot. */
const LINE = '. a line of the message'

type Listening = 'sslserver' | 'tcpserver, ucspitlsd'

interface Phase {
  readonly submission: Listening
  /** Milliseconds between two kills, on average; 0 for none. */
  readonly kills: number
  /** The listeners are killed too, and a supervisor starts them again. */
  readonly listeners: boolean
  readonly settings: Readonly<Record<string, string>>
  /** The part of all messages. */
  readonly part: number
}

const PHASES: Readonly<Record<string, Phase>> = {
  'nothing is killed': { submission: 'sslserver', kills: 0, listeners: false, settings: {}, part: 0.25 },
  'children are killed': { submission: 'sslserver', kills: 80, listeners: false, settings: {}, part: 0.35 },
  'children are killed, ucspitlsd': {
    submission: 'tcpserver, ucspitlsd',
    kills: 80,
    listeners: false,
    settings: {},
    part: 0.2,
  },
  'listeners are killed too': { submission: 'sslserver', kills: 80, listeners: true, settings: {}, part: 0.15 },
  'children are killed, always new images': {
    submission: 'sslserver',
    kills: 80,
    listeners: false,
    settings: { MOREQMAIL_EXEC: 'always' },
    part: 0.05,
  },
}

const PASSWORD = 'open sesame'
/** Of that password, as cheap as bcrypt can be had: what is tried here is not how long a hash takes. */
const HASH = '$2b$04$FDxY/2LhDXgXzgDGst1NMu5sy8T5W8VZn1ZwGv/YMwHj3mfJZoTjK'
const ROOT = process.getuid?.() === 0
const GROUP = spawnSync('id', ['-g', USER.name]).stdout.toString().trim()

t.setTimeout(0)

for (const [name, phase] of Object.entries(PHASES)) {
  const needs = ['tcpserver', 'sslserver', 'qmail-smtpd', 'qmail-ofmipd', 'qmail-queue-maildir']
  if (phase.listeners) needs.push('supervise', 'svc')
  t.test(name, { skip: lack(needs, 'as anybody') }, async (t) => {
    t.setTimeout(0)
    const random = new Random(SEED)
    const home = soakHome()
    const services = [await Running.start(smtp(home, phase)), await Running.start(submission(home, phase))]
    t.teardown(async () => {
      for (const service of services) await service.stop()
      rmSync(home, { recursive: true })
    })
    const login = { ca: readFileSync('test/cases/tls/ca.pem'), name: 'alice', password: PASSWORD }
    const senders = services.map(({ name, port }) => new Sender(port, name === 'submission' ? login : undefined))
    const roots = (): readonly number[] => services.flatMap((service) => service.roots())
    const listening = (): readonly number[] => services.flatMap((service) => service.listener())
    // Whatever a listener sets up for its first connections is there when it is looked at.
    const warm = parcels(random, 'warm', 20)
    await sendAll(warm, senders, random)
    t.ok(await until(() => family(home, roots()).length === 0), 'nothing runs before')
    const before = phase.listeners ? [] : listening().map(holdings)

    const began = Date.now()
    const killer = new Killer(random, phase.kills, (killed) => {
      // On a busy machine sessions take longer, but no more of them are to be hit.
      if (killed >= senders.reduce((sum, { sessions }) => sum + sessions, 0) / 2) return []
      const spared = listening()
      // Every tenth kill is a listener's: among all the others they would hardly ever be hit.
      if (phase.listeners && killed % 10 === 0) return spared
      return family(home, roots()).filter((pid) => !spared.includes(pid))
    })
    const sent = parcels(random, 'soak', Math.round(MESSAGES * phase.part))
    const sessions = await sendAll(sent, senders, random)
    await killer.stop()
    const seconds = (Date.now() - began) / 1000

    t.ok(await until(() => family(home, roots()).length === 0), 'no process is left')
    const after = phase.listeners ? [] : listening().map(holdings)
    const extra = checkMail(t, home, [...warm, ...sent], killer.killed)
    checkSenders(t, senders, sent)
    t.same(readdirSync(join(home, 'tmp')), [], 'no temporary file is left')
    if (!phase.listeners) for (const [i, service] of services.entries()) checkListener(t, service, before[i], after[i])
    const names = counted([...killer.killed.values()])
    t.comment(
      `${sent.length} messages in ${seconds.toFixed(1)} s, ${sessions} sessions, ${killer.killed.size} kills, ` +
        `${sent.reduce((sum, { doubtful }) => sum + doubtful, 0)} tries in doubt, ${extra} copies more; killed: ${names}`,
    )
    t.comment(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`)
    for (const service of services) await service.stop()
    t.ok(await until(() => family(home, []).length === 0), 'and none after the end')
    t.same(
      services.flatMap(({ log }) => log.match(/^.*(?:exception|Error:|panic|internal error).*$/gim) ?? []),
      [],
      'no program has failed in a way it does not know',
    )
  })
}

/** A home with checks, filters, a login and a certificate, and room for temporary files. */
function soakHome(): string {
  const home = mailHome()
  mkdirSync(join(home, 'tmp'))
  chmodSync(join(home, 'tmp'), 0o777)
  const user = ROOT ? `${USER.uid}:${GROUP}` : ':'
  const control: Readonly<Record<string, string>> = {
    rcptchecks: `${BIN}/qmail-rcptcheck-qregex\n${BIN}/qmail-rcptcheck-badrcptto\n`,
    badrcptto: 'nobody@d.example\n',
    filters: 'qmail-qfilter-addtlsheader\nqmail-qfilter-viruscan\n',
    signatures: 'TVqQAAMAA\n',
    passwd: `alice:${HASH}:${user}:${home}\n`,
  }
  for (const [name, text] of Object.entries(control)) writeFileSync(join(home, 'control', name), text)
  chmodSync(join(home, 'control/passwd'), 0o600)
  copyFileSync('test/cases/tls/mx.pem', join(home, 'control/servercert.pem'))
  return home
}

/** The listener of port 25. */
function smtp(home: string, phase: Phase): Startable {
  const user = ROOT ? ['-u', String(USER.uid), '-g', GROUP] : []
  const before = ['tcpserver', ...user, '-vRHl0', '-c', '40']
  return { name: 'smtp', before, behind: ['qmail-smtpd'], ...common(home, phase) }
}

/** The listener of port 587. */
function submission(home: string, phase: Phase): Startable {
  const chain = ['qmail-reup', '-t', '5', 'qmail-authup', 'smtp', 'checkpassword', 'checknotroot', 'qmail-ofmipd']
  const { env, ...rest } = common(home, phase)
  const tls = { UCSPITLS: '!', CERTFILE: join(home, 'control/servercert.pem') }
  const user = ROOT ? { SSL_UID: String(USER.uid), SSL_GID: GROUP } : {}
  const [before, behind] =
    phase.submission === 'sslserver'
      ? [['sslserver', '-ne', '-vRHl0', '-c', '40'], chain]
      : [
          ['tcpserver', '-vRHl0', '-c', '40'],
          ['ucspitlsd', ...chain],
        ]
  return { name: 'submission', before, behind, env: { ...env, ...tls, ...user }, ...rest }
}

function common(home: string, { listeners, settings }: Phase): Pick<Startable, 'env' | 'home' | 'supervised'> {
  const env = {
    PATH: `${BIN}:/usr/bin:/bin`,
    QMAILHOME: home,
    TMPDIR: join(home, 'tmp'),
    QMAILQUEUE: `${BIN}/qmail-qfilter-queue`,
    QMAILQUEUEFILTERS: 'control/filters',
    QQF_QMAILQUEUE: `${BIN}/qmail-queue-maildir`,
    RCPTCHECK: `${BIN}/qmail-rcptcheck`,
    ...settings,
  }
  return { env, home, supervised: listeners }
}

/** Messages that are told apart by their Subject. */
function parcels(random: Random, kind: string, count: number): readonly Parcel[] {
  return Array.from({ length: count }, (_, i) => {
    const lines = random.once(20) ? 2000 + random.int(4000) : random.int(100)
    const id = `${kind}-${i}`
    const recipients = random.once(5) ? [`${id}a@d.example`, `${id}b@d.example`] : [`${id}@d.example`]
    const header = `From: s@d.example\r\nTo: r@d.example\r\nSubject: ${id}\r\n`
    const text = `${header}\r\n${`.${LINE}\r\n`.repeat(lines)}the end of ${lines} lines\r\n`
    return { sender: 's@d.example', recipients, text, accepted: false, doubtful: 0 }
  })
}

/** Sends all of them, whatever it takes: the number of sessions. Each goes to the server of its place. */
async function sendAll(all: readonly Parcel[], senders: readonly Sender[], random: Random): Promise<number> {
  const waiting = senders.map((_, i) => all.filter((_, at) => at % senders.length === i))
  const most = MAX_SESSIONS(all.length)
  let sessions = 0
  const client = async (place: number): Promise<void> => {
    const queue = waiting[place] ?? []
    const sender = senders[place]
    while (queue.length > 0 && sessions < most) {
      const some = queue.splice(0, 1 + random.int(3))
      sessions++
      const reached = await sender?.session(some)
      queue.push(...some.filter(({ accepted }) => !accepted))
      if (!reached) await delay(PAUSE)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i % senders.length)))
  return sessions
}

/** Each message is there, whole, and no more often than can be: the copies that are too many. */
function checkMail(t: Test, home: string, all: readonly Parcel[], killed: ReadonlyMap<number, string>): number {
  const found = new Map<string, number>()
  const damaged: string[] = []
  for (const name of readdirSync(join(home, 'Maildir/new'))) {
    const text = readFileSync(join(home, 'Maildir/new', name), 'latin1')
    const recipient = /^Delivered-To: (.*)$/m.exec(text)?.[1] ?? name
    found.set(recipient, (found.get(recipient) ?? 0) + 1)
    const [end = '', count] = /the end of (\d+) lines\n$/.exec(text) ?? []
    if (end === '' || !text.endsWith(`\n\n${`${LINE}\n`.repeat(Number(count))}${end}`)) damaged.push(name)
  }
  const each = all.flatMap((parcel) => parcel.recipients.map((recipient) => ({ recipient, parcel })))
  const copies = (recipient: string): number => found.get(recipient) ?? 0
  const lost = each.filter(({ recipient }) => copies(recipient) === 0)
  const doubled = each.filter(({ recipient, parcel }) => copies(recipient) > 1 + parcel.doubtful)
  const unknown = [...found.keys()].filter((found) => !each.some(({ recipient }) => recipient === found))
  t.same(lost, [], 'no message is lost')
  t.same(doubled, [], 'none is there more often than it can be')
  t.same(unknown, [], 'there is no other')
  t.same(damaged, [], 'all are whole')
  const stale = readdirSync(join(home, 'Maildir/tmp')).filter((name) => !killed.has(Number(/P(\d+)Q/.exec(name)?.[1])))
  t.same(stale, [], 'only writers that were killed have left a file in tmp')
  return each.reduce((sum, { recipient }) => sum + copies(recipient) - 1, 0)
}

function checkSenders(t: Test, senders: readonly Sender[], sent: readonly Parcel[]): void {
  t.same(
    sent.filter(({ accepted }) => !accepted),
    [],
    'all were accepted in the end',
  )
  t.same(
    senders.flatMap(({ refusals }) => refusals),
    [],
    'nothing was refused for good',
  )
  t.same(
    senders.flatMap(({ hangs }) => hangs),
    [],
    'nothing has hung',
  )
}

function checkListener(t: Test, service: Running, before?: Holdings, after?: Holdings): void {
  const open = service.listener().map(openFiles)
  t.equal(after?.descriptors, before?.descriptors, `${service.name}: as many descriptors as before: ${open}`)
  // The others don't fork.
  if (before?.threads === 1) t.equal(after?.threads, 1, `${service.name}: one thread`)
  const growth = (after?.kilobytes ?? Number.NaN) - (before?.kilobytes ?? Number.NaN)
  t.ok(growth < GROWTH, `${service.name}: its memory has grown by ${growth} kB`)
}

function counted(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
}
