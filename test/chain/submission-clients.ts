/** Ports 587 and 465 as people's mail programs see them: each message arrives once, as it was sent. */
import t, { type Test } from 'tap'
import { SENDERS, type Sender, type Server } from './lib/clients.ts'
import { ANN, addressOf, JOE, mailOf, type User, uidOf } from './lib/login.ts'
import { lack } from './lib/service.ts'
import { byTcpserver, served, supervised, type Way } from './lib/ways.ts'

const CHAIN = ['qmail-reup', '-t', '5', 'qmail-authup', 'smtp', 'checkpassword', 'checknotroot', 'qmail-ofmipd']

const WAYS: Readonly<Record<string, Way>> = {
  '587, daemontools': supervised('daemontools', 'submission'),
  '587, s6, always new images': supervised('s6', 'submission', { MOREQMAIL_EXEC: 'always' }),
  '465, daemontools': supervised('daemontools', 'smtps'),
  '465, s6': supervised('s6', 'smtps'),
  '587, tcpserver and ucspitlsd': byTcpserver('ucspitlsd', CHAIN),
  '465, tcpserver and tlsd': byTcpserver('tlsd', CHAIN),
}

t.setTimeout(0)

for (const [name, way] of Object.entries(WAYS))
  t.test(name, { skip: lack(way.needs, way.root) }, async (t) => {
    t.setTimeout(0)
    await served(t, way, async (home, port, log) => {
      for (const host of way.hosts)
        for (const [sender, about] of Object.entries(SENDERS)) {
          if (host === '::1' && !about.ipv6) continue
          const skip = lack([about.program], 'as anybody')
          await t.test(`${sender} by ${host}`, { skip }, (t) => submit(t, home, { host, port, tls: way.tls }, about))
        }
      t.match(log(), / checkpassword \d+ attempt for joe from 127\.0\.0\.1\n/)
      t.match(log(), / checkpassword \d+ succeeded, child completed\n/)
      for (const { password } of [JOE, ANN]) t.notOk(log().includes(password), 'no password in the log')
    })
  })

/** A message that is complete, so that nothing of it is rewritten. */
function letter(user: User): string {
  const id = `${process.hrtime.bigint()}@client.example`
  const header = ['Date: 20 Nov 2026 12:00:00 +0100', `Message-ID: <${id}>`]
  const people = [`From: ${addressOf(user)}`, `To: ${addressOf(user)}`, 'Subject: =?utf-8?Q?J=C3=BC?= and others']
  const body = [
    '.',
    '..',
    '. x',
    'trailing blanks \t ',
    '',
    '\xe4\xff 8 bits',
    '',
    'From here',
    `${'long '.repeat(190)}.`,
  ]
  return `${[...header, ...people, '', ...body].join('\n')}\n`
}

async function submit(t: Test, home: string, server: Server, { send }: Sender): Promise<void> {
  for (const user of [JOE, ANN]) {
    const before = mailOf(home, user)
    const message = letter(user)
    const { code, text } = await send(server, user, message)
    t.equal(code, 0, code === 0 ? 'sent' : text)
    const arrived = mailOf(home, user).filter((mail) => !before.includes(mail))
    t.equal(arrived.length, 1, 'once')
    const [mail = ''] = arrived
    t.ok(mail.endsWith(message), 'as it was sent')
    const ip = server.host === '::1' ? ':*1' : '127\\.0\\.0\\.1'
    t.match(mail.slice(0, -message.length), trace(user, ip))
  }
}

/** The lines before the message: who has delivered it, and who has submitted it. */
function trace(user: User, ip: string): RegExp {
  const name = addressOf(user).replace('.', '\\.')
  return new RegExp(
    `^Return-Path: <${name}>\nDelivered-To: ${name}\nReceived: \\(qmail \\d+ invoked by uid ${uidOf(user)}\\); .*\n` +
      `Received: from unknown \\((?:HELO \\S+\\) \\()?${user.name}@${ip}\\)\n` +
      '  by 0 with ESMTPSA \\(TLSv1\\.[23] \\S+ encrypted\\); .*\n$',
  )
}
