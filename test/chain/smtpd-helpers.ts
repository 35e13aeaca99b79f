/** Checks, plugins and filters that misbehave under qmail-smtpd: one reply for each command, and no byte of theirs. */
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Client } from './lib/client.ts'
import { arrived, mailHome } from './lib/mail.ts'
import { BIN, Listener, lack, processesWith, until } from './lib/service.ts'

/** What a program of the administrator may do that it should not. */
const MISBEHAVIOUR: Readonly<Record<string, string>> = {
  'is missing': '',
  'has no first line': 'exit 0',
  crashes: '#!/bin/sh\nkill -SEGV $$',
  'floods descriptor 1': '#!/bin/sh\nyes "250 ok" | head -c 30000000',
  'fills the disk': '#!/bin/sh\nulimit -f 2000\nhead -c 3000000 /dev/zero || kill $$',
  'floods descriptor 2': '#!/bin/sh\nyes "250 ok" | head -c 3000000 >&2',
  'floods descriptor 6': '#!/bin/sh\n{ yes "250 ok" | head -c 3000000; } >&6\nexit 0',
  'closes everything': '#!/bin/sh\nexec <&- >&- 2>&- 3<&- 4>&- 5>&- 6>&-',
  'writes like a server': `#!/bin/sh
for fd in 1 2 3 4 5 6 7; do printf '250 ok\\r\\n554 no\\r\\n' >&$fd; done 2>/dev/null
exit 0`,
  'reads everything': '#!/bin/sh\ncat >/dev/null\nexit 0',
  'is slow and leaves a process behind':
    '#!/bin/sh\n(sleep 1; printf "250 ok\\r\\n" >&6; echo late) &\nsleep 0.2\nexit 0',
}

const GOOD = '#!/bin/sh\nexit 0'

interface Kind {
  /** Environment and files by which the program `helper` of the home is run. */
  readonly env: (home: string) => Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
  /** The replies to MAIL, RCPT, DATA and the message. */
  readonly replies: (how: string) => readonly RegExp[]
}

const OK = /^250 ok/
const GO_AHEAD = /^354 /

const KINDS: Readonly<Record<string, Kind>> = {
  check: {
    env: () => ({ RCPTCHECK: 'helper' }),
    files: {},
    replies: (how) =>
      how === 'is missing' || how === 'has no first line' || how === 'crashes'
        ? [OK, /^421 unable to execute recipient check \(#4\.3\.0\)$/]
        : [OK, OK, GO_AHEAD, OK],
  },
  plugin: {
    env: () => ({}),
    files: { smtpplugins: '[rcpt]\nhelper\n' },
    replies: (how) => {
      if (how === 'is missing' || how === 'has no first line')
        return [OK, /^451 qmail-spp failure: helper: can't execute \(#4\.3\.0\)$/]
      if (how === 'crashes') return [OK, /^451 qmail-spp failure: helper: child crashed \(#4\.3\.0\)$/]
      if (how === 'fills the disk') return [OK, /^451 qmail-spp failure: helper: too much output \(#4\.3\.0\)$/]
      return [OK, OK, GO_AHEAD, OK]
    },
  },
  filter: {
    env: () => ({ QMAILQUEUE: `${BIN}/qmail-qfilter-queue`, QMAILQUEUEFILTERS: 'control/filters' }),
    files: { filters: './good\n./helper\n./good\n' },
    replies: (how) =>
      how === 'is missing' || how === 'has no first line' || how === 'crashes' || how === 'fills the disk'
        ? [OK, OK, GO_AHEAD, /^451 qq internal bug \(#4\.3\.0\)$/]
        : [OK, OK, GO_AHEAD, how === 'writes like a server' ? /^451 qq internal bug \(#4\.3\.0\)$/ : OK],
  },
}

t.setTimeout(0)

const needs = ['tcpserver', 'qmail-smtpd', 'qmail-queue-maildir', 'qmail-qfilter-queue', 'qmail-qfilter']

for (const [name, kind] of Object.entries(KINDS))
  for (const exec of ['', 'always'])
    t.test(`a ${name}${exec && ', new images'}`, { skip: lack(needs, 'as anybody') }, async (t) => {
      t.setTimeout(0)
      const home = mailHome()
      const program = (name: string, text: string) => {
        rmSync(join(home, name), { force: true })
        if (text === '') return
        writeFileSync(join(home, name), `${text}\n`)
        chmodSync(join(home, name), 0o755)
      }
      program('good', GOOD)
      for (const [name, text] of Object.entries(kind.files)) writeFileSync(join(home, 'control', name), text)
      const listener = await Listener.start(['tcpserver', '-RHl0'], ['qmail-smtpd'], {
        PATH: `${BIN}:/usr/bin:/bin`,
        QMAILHOME: home,
        QMAILQUEUE: `${BIN}/qmail-queue-maildir`,
        QQF_QMAILQUEUE: `${BIN}/qmail-queue-maildir`,
        ...kind.env(home),
        ...(exec === '' ? {} : { MOREQMAIL_EXEC: exec }),
      })
      t.teardown(() => rmSync(home, { recursive: true }))
      for (const [how, text] of Object.entries(MISBEHAVIOUR)) {
        program('helper', text)
        await t.test(`that ${how}`, (t) => conversation(t, home, listener.port, kind.replies(how)))
      }
      await listener.stop()
      t.ok(await until(() => processesWith(home).length === 0), 'no process is left')
    })

/** Everything in one packet: replies have to come in order, and nothing else. */
async function conversation(t: Test, home: string, port: number, replies: readonly RegExp[]): Promise<void> {
  const before = arrived(home).length
  const client = await Client.connect(port)
  const commands = ['MAIL FROM:<s@client.example>', 'RCPT TO:<r@d.example>', 'DATA', 'Subject: x\r\n\r\nbody\r\n.']
  t.match(await client.ask('EHLO client.example'), /^250-mx\.example\r\n/)
  for (const [i, reply] of replies.entries())
    t.match(await client.ask(commands[i] ?? ''), reply, `the reply to command ${i + 2}`)
  if (/421/.test(replies.at(-1)?.source ?? '')) t.equal(await client.rest(), '', 'closed')
  else {
    t.match(await client.ask('RSET'), /^250 flushed$/, 'the session goes on')
    client.send('NOOP\r\nQUIT\r\n')
    t.equal(await client.rest(), '250 ok\r\n221 mx.example\r\n')
  }
  const taken = replies.length === 4 && replies.at(-1) === OK
  t.equal(arrived(home).length - before, taken ? 1 : 0, taken ? 'delivered' : 'not delivered')
  t.equal(readdirSync(join(home, 'Maildir/tmp')).length, 0)
  client.close()
}
