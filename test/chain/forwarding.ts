/** Forwarding with SRS: out through qmail-rfilter-remote as qmail-rspawn runs it, and back through qmail-smtpd. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FakeServer } from '../../packages/qmail-remote/test/lib/server.ts'
import { start } from '../../packages/qmail-rfilter/test/lib/rfilter.ts'
import { Client } from './lib/client.ts'
import { BIN, Listener, lack, processesWith, until } from './lib/service.ts'

/** A queue that keeps what it gets. */
const QUEUE = `#!/bin/sh
mkdir "queue/$$" && cat >"queue/$$/message" && cat <&1 >"queue/$$/envelope"
`

interface Queued {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly message: string
}

/** A host that forwards mail; all that it sends goes to a server of the test. */
class Forwarder {
  readonly #home: string
  readonly #env: Readonly<Record<string, string>>
  readonly #listener: Listener
  readonly #next: FakeServer

  private constructor(home: string, env: Readonly<Record<string, string>>, listener: Listener, next: FakeServer) {
    this.#home = home
    this.#env = env
    this.#listener = listener
    this.#next = next
  }

  static async start(t: Test, name: string, more: Readonly<Record<string, string>>): Promise<Forwarder> {
    const home = mkdtempSync(join(tmpdir(), 'moreqmail-chain-'))
    const next = await FakeServer.start(t, [{}])
    for (const dir of ['control', 'bin', 'queue']) mkdirSync(join(home, dir))
    const control = {
      me: `mx.${name}`,
      rcpthosts: `${name}\nsrs.${name}`,
      srs_domain: `srs.${name}`,
      srs_secrets: `secret of ${name}`,
      remotefilters: 'qmail-rfilter-srsforward',
      smtpfilters: 'qmail-qfilter-srsreverse',
      smtproutes: `:127.0.0.1:${next.port}`,
    }
    for (const [file, text] of Object.entries(control)) writeFileSync(join(home, 'control', file), `${text}\n`)
    for (const program of ['qmail-remote', 'qmail-rfilter', 'qmail-rfilter-srsforward', 'qmail-qfilter'])
      symlinkSync(join(BIN, program), join(home, 'bin', program))
    writeFileSync(join(home, 'bin/qmail-queue'), QUEUE)
    chmodSync(join(home, 'bin/qmail-queue'), 0o755)
    const env = { PATH: `${BIN}:/usr/bin:/bin`, QMAILHOME: home, ...more }
    const listener = await Listener.start(['tcpserver', '-RHl0'], ['qmail-smtpd'], {
      ...env,
      QMAILQUEUE: `${BIN}/qmail-qfilter-queue`,
      QMAILQUEUEFILTERS: 'control/smtpfilters',
    })
    t.teardown(() => rmSync(home, { recursive: true }))
    return new Forwarder(home, env, listener, next)
  }

  /** Sends a message as qmail-rspawn does: what it makes of the report, and what the next host has heard. */
  async send(sender: string, recipient: string, message: string) {
    const args = [recipient.slice(recipient.lastIndexOf('@') + 1), sender, recipient]
    const { verdict } = await start(this.#home, [], { program: 'qmail-rfilter-remote', args, message, env: this.#env })
      .end
    const heard = this.#next.heard.at(-1) ?? []
    const path = (command: string) =>
      heard.map((line) => new RegExp(`^${command}:<(.*)>`).exec(line)?.[1]).find((found) => found !== undefined)
    return { verdict, sender: path('MAIL FROM'), recipient: path('RCPT TO'), message: heard.at(-2) }
  }

  /** Is sent a message: the reply to its end, and what came into the queue since. */
  async receive(sender: string, recipients: readonly string[], message: string) {
    const before = readdirSync(join(this.#home, 'queue'))
    const client = await Client.connect(this.#listener.port)
    await client.ask('EHLO client.example')
    const replies = [await client.ask(`MAIL FROM:<${sender}>`)]
    for (const recipient of recipients) replies.push(await client.ask(`RCPT TO:<${recipient}>`))
    replies.push(await client.ask('DATA'), await client.ask(`${message.replaceAll('\n', '\r\n')}.`))
    client.close()
    const queued = readdirSync(join(this.#home, 'queue'))
      .filter((name) => !before.includes(name))
      .map((name) => this.#queued(name))
    return { reply: replies.at(-1), replies, queued }
  }

  /** Ends it. */
  async stop(t: Test): Promise<void> {
    await this.#listener.stop()
    t.ok(await until(() => processesWith(this.#home).length === 0), 'no process is left')
  }

  #queued(name: string): Queued {
    const [message, envelope] = ['message', 'envelope'].map((file) =>
      readFileSync(join(this.#home, 'queue', name, file), 'latin1'),
    )
    const [sender = '', ...recipients] = (envelope ?? '').split('\0').slice(0, -2)
    return { sender: sender.slice(1), recipients: recipients.map((text) => text.slice(1)), message: message ?? '' }
  }
}

const MESSAGE = 'From: Ann <ann@example.com>\nTo: bob@one.example\nSubject: hi\n\n.hello\nthere\n'
const BOUNCE = 'From: MAILER-DAEMON@elsewhere.example\nSubject: failure notice\n\nSorry.\n'
const onWire = (message: string) => `${message.replaceAll('\n', '\r\n').replace(/^\./gm, '..')}.\r\n`

const programs = ['qmail-rfilter-remote', 'qmail-rfilter', 'qmail-rfilter-srsforward', 'qmail-remote']
const needs = [
  ...programs,
  'tcpserver',
  'qmail-smtpd',
  'qmail-qfilter-queue',
  'qmail-qfilter',
  'qmail-qfilter-srsreverse',
]

t.setTimeout(0)

for (const env of [{}, { MOREQMAIL_EXEC: 'always' }]) {
  const way = Object.keys(env).length > 0 ? ', new images' : ''

  t.test(`three forwarders, and the bounce${way}`, { skip: lack(needs, 'as anybody') }, async (t) => {
    const hosts: Forwarder[] = []
    for (const name of ['one.example', 'two.example', 'three.example']) hosts.push(await Forwarder.start(t, name, env))
    const [one, , three] = hosts as [Forwarder, Forwarder, Forwarder]
    let sender = 'ann@example.com'
    const senders: string[] = []
    for (const host of hosts) {
      const sent = await host.send(sender, 'bob@elsewhere.example', MESSAGE)
      t.match(sent.verdict, /^K127\.0\.0\.1 accepted message\.\n/)
      t.equal(sent.recipient, 'bob@elsewhere.example')
      t.equal(sent.message, onWire(MESSAGE))
      sender = sent.sender ?? ''
      senders.push(sender)
    }
    t.match(senders[0], /^SRS0=....=..=example\.com=ann@srs\.one\.example$/)
    t.match(senders[1], /^SRS1=....=srs\.one\.example==....=..=example\.com=ann@srs\.two\.example$/)
    t.match(senders[2], /^SRS1=....=srs\.one\.example==....=..=example\.com=ann@srs\.three\.example$/)

    let to = senders[2] ?? ''
    for (const host of [three, one]) {
      const { reply, queued } = await host.receive('', [to], BOUNCE)
      t.match(reply, /^250 ok /)
      t.equal(queued.length, 1)
      t.equal(queued[0]?.sender, '')
      t.match(queued[0]?.message, new RegExp(`^Received: [^]*\\n${BOUNCE.replaceAll('.', '\\.')}$`))
      to = queued[0]?.recipients.join() ?? ''
      if (host === three) t.equal(to, senders[0], 'past the second one')
      const sent = await host.send('', to, queued[0]?.message ?? '')
      t.match(sent.verdict, /^K/)
      t.equal(sent.sender, '', 'a bounce stays a bounce')
      t.equal(sent.recipient, to)
    }
    t.equal(to, 'ann@example.com')
    for (const host of hosts) await host.stop(t)
  })

  t.test(`what is refused${way}`, { skip: lack(needs, 'as anybody') }, async (t) => {
    const host = await Forwarder.start(t, 'one.example', env)
    const { sender: good = '' } = await host.send('ann@example.com', 'bob@elsewhere.example', MESSAGE)
    const bad = good.replace(/=....=/, '=AAAA=')
    const refused = async (sender: string, recipients: readonly string[], reply: string) => {
      const received = await host.receive(sender, recipients, BOUNCE)
      t.equal(received.reply, reply)
      t.same(received.queued, [])
      t.equal(received.replies.length, recipients.length + 3, 'one reply for each command')
    }
    await refused('', [bad], '554 SRS: Hash invalid in SRS address. (#5.1.1)')
    await refused('', ['bob@one.example', good, bad], '554 SRS: Hash invalid in SRS address. (#5.1.1)')
    await refused('', ['SRS0=abcd@srs.one.example'], '554 SRS: No timestamp in SRS0 address. (#5.1.1)')
    await refused('spam@example.net', [good], '554 SRS address only accepts bounces (#5.7.1)')

    const { queued } = await host.receive('s@example.net', ['bob@one.example', 'postmaster@srs.one.example'], BOUNCE)
    t.match(queued, [{ sender: 's@example.net', recipients: ['bob@one.example', 'postmaster@srs.one.example'] }])
    const own = await host.send('bob@one.example', 'x@elsewhere.example', MESSAGE)
    t.match(own, { verdict: /^K/, sender: 'bob@one.example' }, 'senders of ours stay')
    await host.stop(t)
  })
}
