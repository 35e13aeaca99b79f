/** Ports 110 and 995 as people's mail programs see them: each message comes byte for byte. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FETCHERS, type Fetcher, fetchmail, type Server } from './lib/clients.ts'
import { ANN, homeOf, IS_ROOT, JOE, mailOf, type User } from './lib/login.ts'
import { lack } from './lib/service.ts'
import { byTcpserver, served, supervised, type Way } from './lib/ways.ts'

const CHAIN = ['qmail-authup', 'pop3', 'checkpassword', 'checknotroot', 'qmail-pop3d', 'Maildir']
const NEEDS = ['qmail-pop3d']

const WAYS: Readonly<Record<string, Way>> = {
  '110, daemontools': supervised('daemontools', 'pop3d'),
  '110, s6, always new images': supervised('s6', 'pop3d', { MOREQMAIL_EXEC: 'always' }),
  '995, daemontools': supervised('daemontools', 'pop3s'),
  '995, s6': supervised('s6', 'pop3s'),
  '110, tcpserver and ucspitlsd': byTcpserver('ucspitlsd', CHAIN),
  '995, tcpserver and tlsd': byTcpserver('tlsd', CHAIN),
}

const EVERY_BYTE = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i).filter((i) => i !== 10 && i !== 13))

/** What is in a Maildir, with LF line ends. */
const MESSAGES: readonly string[] = [
  'Subject: plain\n\nhello\n',
  'Subject: dots\n\n.\n..\n. x\n\n...\n.',
  `Subject: bytes\n\n${EVERY_BYTE}\n${EVERY_BYTE}\n`,
  'Subject: no body\n',
  `Subject: long\n\n${'x'.repeat(100_000)}\n${'.\n'.repeat(50_000)}last line without an end`,
  `Subject: big\n\n${`${'0123456789'.repeat(7)}\n`.repeat(45_000)}`,
]
/** fetchmail takes a NUL or an overlong line for its own. */
const MODEST = [0, 1, 3, 5]

t.setTimeout(0)

for (const [name, way] of Object.entries(WAYS))
  t.test(name, { skip: lack([...way.needs, ...NEEDS], way.root) }, async (t) => {
    t.setTimeout(0)
    await served(t, way, async (home, port, log) => {
      for (const user of [JOE, ANN]) deliver(home, user, MESSAGES)
      for (const host of way.hosts) {
        const server = { host, port, tls: way.tls }
        for (const [fetcher, about] of Object.entries(FETCHERS)) {
          const skip = lack([about.program], 'as anybody')
          await t.test(`${fetcher} by ${host}`, { skip }, (t) => fetchAll(t, home, server, about))
        }
        const skip = lack(['fetchmail'], 'as anybody')
        await t.test(`fetchmail by ${host}`, { skip }, (t) => drain(t, home, server))
      }
      t.match(log(), / checkpassword \d+ attempt for joe from 127\.0\.0\.1\n/)
      for (const { password } of [JOE, ANN]) t.notOk(log().includes(password), 'no password in the log')
    })
  })

/** Puts messages into a Maildir, in this order, as if they had come a while ago. */
function deliver(home: string, user: User, messages: readonly string[]): void {
  const files = messages.map((message, i) => {
    const file = join(homeOf(home, user), 'Maildir/new', `17000000${10 + i}.M1P1Q1.host`)
    writeFileSync(file, message, 'latin1')
    return file
  })
  spawnSync('touch', ['-d', '2025-01-01', ...files])
  if (IS_ROOT) spawnSync('chown', [String(user.uid), ...files])
}

/** A message as POP3 has it: CR LF line ends, and an empty line behind it. */
function onTheWire(message: string): string {
  return `${message.replace(/\n?$/, '\n')}\n`.replace(/\n/g, '\r\n')
}

async function fetchAll(t: Test, home: string, server: Server, { fetch }: Fetcher): Promise<void> {
  for (const user of [JOE, ANN]) {
    const messages = mailOf(home, user)
    const fetched = await fetch(server, user, messages.length)
    t.equal(fetched.length, messages.length)
    for (const [i, message] of messages.entries())
      t.ok(fetched[i] === onTheWire(message), `message ${i + 1} of ${user.name}`)
    t.same(mailOf(home, user), messages, 'and all is there still')
  }
}

/** Takes all mail away from the server, which then has none, and puts it back. */
async function drain(t: Test, home: string, server: Server): Promise<void> {
  for (const user of [JOE, ANN]) {
    const fetched = await fetchmail(server, user, false)
    t.equal(fetched.length, MESSAGES.length, 'all')
    for (const i of MODEST) {
      const expected = onTheWire(MESSAGES[i] ?? '').replace(/\r\n/g, '\n')
      t.ok(fetched[i] === expected, `message ${i + 1} of ${user.name}`)
    }
    t.same(mailOf(home, user), [], 'the server has none')
    deliver(home, user, MESSAGES)
  }
}
