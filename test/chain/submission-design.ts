/** The run lines of doc/chains, word for word: mail goes in by 587 or 465, is there once, and comes out by 110 or 995. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Client } from './lib/client.ts'
import { FETCHERS, SENDERS } from './lib/clients.ts'
import { ANN, addressOf, certificateOf, IS_ROOT, JOE, mailOf, serverEnv, uidOf } from './lib/login.ts'
import { USER } from './lib/mail.ts'
import { drawn, treeOf } from './lib/processes.ts'
import { Listener, lack } from './lib/service.ts'
import { served, type Way } from './lib/ways.ts'

interface Port {
  readonly doc: string
  readonly port: string
  /** The words that the run line must have, in this order, with one blank between them. */
  readonly words: string
}

const START = 'exec 2>&1 exec env'
const TLS = 'SSL_UID=$(id -u ucspissl) SSL_GID=$(id -g ucspissl) CERTFILE=/var/qmail/control/servercert.pem sslserver'
const SUBMISSION = 'qmail-reup -t 5 qmail-authup smtp checkpassword checknotroot qmail-ofmipd'
const POP3 = 'qmail-authup pop3 checkpassword checknotroot qmail-pop3d Maildir'

/** The port that takes mail and the one that gives it. */
const PAIRS: ReadonlyArray<readonly [Port, Port]> = [
  [
    { doc: 'submission-587.md', port: '587', words: `${START} UCSPITLS='!' ${TLS} -ne -vRl0 0 587 ${SUBMISSION}` },
    { doc: 'pop3-110.md', port: '110', words: `${START} UCSPITLS='!' ${TLS} -ne -vRl0 0 110 ${POP3}` },
  ],
  [
    { doc: 'submissions-465.md', port: '465', words: `${START} ${TLS} -e -vRl0 0 465 ${SUBMISSION}` },
    { doc: 'pop3s-995.md', port: '995', words: `${START} ${TLS} -e -vRl0 0 995 ${POP3}` },
  ],
]

/** The first block of commands in a page. */
function runLine(doc: string): string {
  const page = readFileSync(join('doc/chains', doc), 'latin1')
  return (/(?:^ {4}.*\n)+/m.exec(page)?.[0] ?? '').replace(/^ {4}/gm, '')
}

/** What a run line is on this machine: another port, another directory, and `id` knows the user of TLS. */
async function started(t: Test, home: string, { doc, port, words }: Port, env: Readonly<Record<string, string>>) {
  const text = runLine(doc)
  t.equal(text.replace(/(?:\\\n|\s)+/g, ' ').trim(), words, doc)
  const here = text.replace(`0 ${port} `, '0 $PORT ').replace('/var/qmail/control/servercert.pem', certificateOf(home))
  mkdirSync(join(home, 'bin'), { recursive: true })
  const id = `#!/bin/sh\n[ "$2" = ucspissl ] && exec /usr/bin/id "$1" ${USER.name}\nexec /usr/bin/id "$@"\n`
  writeFileSync(join(home, 'bin/id'), id, { mode: 0o755 })
  const { CERTFILE: _, SSL_UID: __, SSL_GID: ___, ...rest } = serverEnv(home) as Record<string, string>
  return await Listener.script(here, { ...rest, PATH: `${home}/bin:${rest['PATH']}`, ...env })
}

t.setTimeout(0)

const needs = [...SUBMISSION.split(' '), 'qmail-pop3d', 'sslserver', 'setpassword', 'qmail-queue-maildir']
const programs = needs.filter((word) => /^[a-z]+[a-z-]{4}/.test(word))

for (const [into, outOf] of PAIRS)
  for (const exec of ['', 'always'])
    t.test(
      `${into.port} and ${outOf.port}${exec && ', new images'}`,
      { skip: lack(programs, 'as anybody') },
      async (t) => {
        t.setTimeout(0)
        const env: Readonly<Record<string, string>> = exec === '' ? {} : { MOREQMAIL_EXEC: exec }
        const tls = into.port === '587' ? 'command' : 'first'
        const way: Way = {
          needs: programs,
          root: 'as anybody',
          tls,
          hosts: ['127.0.0.1'],
          start: async (home) => {
            const listener = await started(t, home, into, env)
            return { port: listener.port, log: () => listener.log, stop: () => listener.stop() }
          },
        }
        await served(t, way, async (home, port, log) => {
          const pop3 = await started(t, home, outOf, env)
          try {
            const submission = { host: '127.0.0.1', port, tls } as const
            const mail = { host: '127.0.0.1', port: pop3.port, tls } as const
            for (const [name, { program, send }] of Object.entries(SENDERS))
              await t.test(name, { skip: lack([program], 'as anybody') }, async (t) => {
                for (const user of [JOE, ANN]) {
                  const before = mailOf(home, user)
                  const { code, text } = await send(submission, user, letter(addressOf(user), name))
                  t.equal(code, 0, code === 0 ? 'sent' : text)
                  t.equal(mailOf(home, user).length, before.length + 1, 'once')
                }
              })
            // What has come in this very second waits for the next session.
            await delay(1000)
            for (const [name, { program, fetch }] of Object.entries(FETCHERS))
              await t.test(name, { skip: lack([program], 'as anybody') }, async (t) => {
                for (const user of [JOE, ANN]) {
                  const messages = mailOf(home, user)
                  const fetched = await fetch(mail, user, messages.length)
                  t.same(
                    fetched,
                    messages.map((message) => `${message}\n`.replace(/\n/g, '\r\n')),
                  )
                }
              })
            await t.test('processes', (t) => processes(t, into.port, port, log, pop3))
            t.match(log(), /^reup \d+ qmail-authup \d+ \(1\/5\): exit 0$/m)
          } finally {
            await pop3.stop()
          }
        })
      },
    )

function letter(address: string, by: string): string {
  const header = ['Date: 20 Nov 2026 12:00:00 +0100', `Message-ID: <${process.hrtime.bigint()}@client.example>`]
  return `${[...header, `From: ${address}`, `To: ${address}`, `Subject: ${by}`, '', '.', 'body'].join('\n')}\n`
}

/** While somebody is logged in: which processes there are, and whose. */
async function processes(t: Test, name: string, port: number, log: () => string, pop3: Listener): Promise<void> {
  const root = process.getuid?.() ?? 0
  const tls = IS_ROOT ? USER.uid : root
  const plain = Buffer.from(`\0${JOE.name}\0${JOE.password}`).toString('base64')
  const client = await begin(port, name === '587' ? 'STARTTLS' : undefined)
  t.match(await client.ask(`AUTH PLAIN ${plain}`), /^235 ok, go ahead \(#2\.0\.0\)$/)
  const listener = Number(/^sslserver: pid (\d+) /gm.exec(log().slice(log().lastIndexOf('sslserver: pid ')))?.[1])
  const program = treeOf(listener)
  t.equal(drawn(program), [`qmail-reup ${root}`, `  qmail-authup ${root}`, `    qmail-ofmipd ${uidOf(JOE)}`].join('\n'))
  const mailbox = await begin(pop3.port, name === '587' ? 'STLS' : undefined)
  t.equal(await mailbox.askLine(`USER ${JOE.name}`), '+OK ')
  t.equal(await mailbox.askLine(`PASS ${JOE.password}`), '+OK ')
  t.equal(
    drawn(treeOf(pop3.pid)),
    [`sslserver ${root}`, `  qmail-authup ${root}`, `    qmail-pop3d ${uidOf(JOE)}`, `  tls-io ${tls}`].join('\n'),
  )
  t.equal(await mailbox.askLine('QUIT'), '+OK ')
  t.match(await client.ask('QUIT'), /^221 /)
  client.close()
  mailbox.close()
}

/** A session in TLS that has not logged in. */
async function begin(port: number, command: string | undefined): Promise<Client> {
  const client = Client.open(port)
  if (command !== undefined) {
    await client.line()
    await client.askLine(command)
  }
  await client.startTls()
  if (command === undefined) await client.line()
  return client
}
