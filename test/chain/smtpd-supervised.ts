/** run/smtpd under real supervisors and a real tcpserver: what it takes and refuses, and that it loses and doubles nothing. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { arrived, fieldsOf, mailHome, nameServer, REFUSED, run, smtpSource, swaks, USER } from './lib/mail.ts'
import { answers, BIN, freePort, lack, processesWith, Service, type Supervisor, TOOLS, until } from './lib/service.ts'

const SESSIONS = 10

interface Way {
  readonly supervisor: Supervisor
  /** Where programs are looked for first: `tcpserver` is in both. */
  readonly path: string
  readonly messages: number
  readonly settings: Readonly<Record<string, string>>
}

const DEBIAN = '/usr/bin:/bin'
const WAYS: Readonly<Record<string, Way>> = {
  'daemontools, its tcpserver': { supervisor: 'daemontools', path: `${DEBIAN}:${BIN}`, messages: 1000, settings: {} },
  's6, our tcpserver': { supervisor: 's6', path: `${BIN}:${DEBIAN}`, messages: 1000, settings: {} },
  's6, tcpserver, always new images': {
    supervisor: 's6',
    path: `${DEBIAN}:${BIN}`,
    messages: 100,
    settings: { MOREQMAIL_EXEC: 'always' },
  },
}

const LISTED = { '2.0.0.127.rbl.example': { TXT: ['listed: see http://rbl.example/'] } }

t.setTimeout(0)

for (const [name, { supervisor, path, messages, settings }] of Object.entries(WAYS)) {
  const needs = [
    ...TOOLS[supervisor],
    'tcpserver',
    'tcprules',
    'rblsmtpd',
    'swaks',
    'qmail-smtpd',
    'qmail-queue-maildir',
  ]
  t.test(name, { skip: lack(needs, 'as root') }, async (t) => {
    t.setTimeout(0)
    const home = mailHome()
    const port = await freePort()
    const dns = await nameServer(LISTED)
    const rules = join(home, 'rules')
    writeFileSync(`${rules}.txt`, '127.0.0.3:allow,RELAYCLIENT=""\n127.0.0.4:deny\n:allow\n')
    await run(['sh', '-c', `tcprules ${rules}.cdb ${rules}.tmp <${rules}.txt`])
    const service = Service.start(supervisor, 'smtpd', home, USER, {
      IP: '127.0.0.1',
      PORT: String(port),
      PATH: path,
      SMTPUSER: USER.name,
      QMAILQUEUE: `${BIN}/qmail-queue-maildir`,
      DNSCACHEIP: dns.address,
      RBL: 'none.example rbl.example',
      RULES: `${rules}.cdb`,
      ...settings,
    })
    t.teardown(async () => {
      await service.stop()
      dns.close()
      rmSync(home, { recursive: true })
    })
    t.ok(await until(() => answers(port)), 'it listens')
    t.ok(service.ready(), 'and the supervisor knows it')

    await t.test('single messages', (t) => single(t, home, port, service))
    const lacking = lack(['smtp-source'], 'as anybody')
    await t.test(`${messages} messages`, { skip: lacking }, (t) => many(t, home, port, messages))
    await t.test('down and up', (t) => downAndUp(t, port, service))
    await service.stop()
    t.ok(await until(async () => !(await answers(port))), 'nobody listens')
    t.ok(await until(() => processesWith(home).length === 0), 'no process is left')
  })
}

/** Messages that are taken and messages that are not. */
async function single(t: Test, home: string, port: number, service: Service): Promise<void> {
  const body = ['--body', '.\n..dots\n\xe4 8 bits\nlast']
  t.equal((await swaks(port, ...body)).code, 0, 'taken')
  const [message = '', ...more] = arrived(home)
  t.equal(more.length, 0)
  t.match(message, /^Received: from unknown \(HELO client\.example\) \(127\.0\.0\.1\)\n {2}by 0 with SMTP; /m)
  t.match(message, /\n\n\.\n\.\.dots\n.* 8 bits\nlast\n/)
  const refusals: ReadonlyArray<readonly [number, RegExp, ...string[]]> = [
    [REFUSED.rcpt, /^<\*\* 553 sorry, that domain isn't in my list of allowed rcpthosts/m, '--to', 'r@else.example'],
    [
      REFUSED.message,
      /^<\*\* 554 sorry, I cannot deliver to /m,
      '--to',
      'r@else.example',
      '--local-interface',
      '127.0.0.3',
    ],
    [REFUSED.rcpt, /^<\*\* 451 listed: see http:\/\/rbl\.example/m, '--local-interface', '127.0.0.2'],
  ]
  for (const [code, reply, ...options] of refusals) {
    const outcome = await swaks(port, ...options)
    t.equal(outcome.code, code, options.join(' '))
    t.match(outcome.text, reply)
  }
  t.not((await swaks(port, '--local-interface', '127.0.0.4')).code, 0, 'denied by the rules')
  t.equal((await swaks(port, '--protocol', 'SMTP', '--local-interface', '127.0.0.3')).code, 0, 'HELO')
  t.equal((await swaks(port, '--pipeline', '--to', 'a@d.example,b@d.example')).code, 0, 'PIPELINING')
  t.equal(arrived(home).length, 4, 'one for each recipient, and none that was refused')
  for (const line of [
    /tcpserver: ok \d+ 0:127\.0\.0\.1:\d+ /,
    /tcpserver: deny /,
    /rblsmtpd: 127\.0\.0\.2 pid \d+: 451/,
  ])
    t.ok(await until(() => line.test(service.log)), `the log has ${line.source}`)
}

/** Many at a time: each arrives once, whole. */
async function many(t: Test, home: string, port: number, count: number): Promise<void> {
  const before = new Set(arrived(home))
  const { code, text } = await smtpSource(port, count, SESSIONS)
  t.same([code, text], [0, ''], 'all were taken')
  const messages = arrived(home).filter((message) => !before.has(message))
  t.equal(messages.length, count, 'as many have arrived')
  t.equal(new Set(fieldsOf(messages, 'Message-Id')).size, count, 'none twice')
  const recipients = new Set(fieldsOf(messages, 'Delivered-To'))
  const expected = Array.from({ length: count }, (_, i) => `${i + 1}r@d.example`)
  t.same(
    expected.filter((recipient) => !recipients.has(recipient)),
    [],
    'each recipient has one',
  )
  const bodies = new Set(messages.map((message) => message.slice(message.indexOf('\n\n'))))
  t.equal(bodies.size, 1, 'all bodies are the same')
  t.ok(
    [...bodies].every((text) => text.length > 4900),
    'and whole',
  )
}

async function downAndUp(t: Test, port: number, service: Service): Promise<void> {
  service.want('down')
  t.ok(await until(async () => !(await answers(port))), 'down')
  service.want('up')
  t.ok(await until(() => answers(port)), 'up')
  t.equal((await swaks(port)).code, 0)
}
