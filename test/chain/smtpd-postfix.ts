/** Debian's Postfix as a client of port 25: it hands messages on by verified TLS, by IPv4 and IPv6. */
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { arrived, mailHome, smtpSource, swaks, USER } from './lib/mail.ts'
import { Postfix } from './lib/postfix.ts'
import { Running } from './lib/running.ts'
import { BIN, lack, processesWith, until } from './lib/service.ts'

const MESSAGES = 40
const KEYS = resolve('test/cases/tls')
const OURS = ['tcpserver', 'sslserver', 'ucspitlsd', 'qmail-smtpd', 'qmail-queue-maildir']
const IN_TLS = /^ {2}by \S+ with ESMTPS \(TLSv1\.3 \S+ encrypted\); /m

/** A server in front of qmail-smtpd. */
const WAYS: ReadonlyArray<{
  readonly host: string
  readonly before: readonly string[]
  readonly behind: readonly string[]
}> = [
  { host: '127.0.0.1', before: [join(BIN, 'tcpserver'), '-RHl0'], behind: ['ucspitlsd', 'qmail-smtpd'] },
  { host: '::1', before: [join(BIN, 'sslserver'), '-neRHl0'], behind: ['qmail-smtpd'] },
]

t.setTimeout(0)

t.test('Postfix', { skip: lack(['postfix', 'swaks', 'smtp-source', ...OURS], 'as root') }, async (t) => {
  const homes = WAYS.map(() => mailHome())
  const servers = await Promise.all(
    WAYS.map(({ host, before, behind }, i) => {
      const home = homes[i] ?? ''
      const env = {
        PATH: `${BIN}:/usr/bin:/bin`,
        QMAILHOME: home,
        QMAILQUEUE: join(BIN, 'qmail-queue-maildir'),
        UCSPITLS: '',
        CERTFILE: join(KEYS, 'mx.pem'),
      }
      const user = ['-u', String(USER.uid), '-g', String(USER.uid)]
      return Running.start({
        name: `smtpd${i}`,
        before: [...before, ...user],
        behind,
        env,
        home,
        supervised: false,
        host,
      })
    }),
  )
  const [four, six] = servers.map(({ port }, i) => `[${WAYS[i]?.host}]:${port}`)
  const postfix = await Postfix.start({ 'four.example': four ?? '', 'six.example': six ?? '' })
  t.teardown(async () => {
    postfix.stop()
    for (const server of servers) await server.stop()
    for (const home of homes) rmSync(home, { recursive: true })
  })
  const log = (): string => `${postfix.log}${servers.map((server) => server.log).join('')}`

  for (const [i, domain] of ['four.example', 'six.example'].entries()) {
    const home = homes[i] ?? ''
    // The home takes mail for d.example alone.
    for (const file of ['rcpthosts', 'locals']) writeFileSync(join(home, 'control', file), `${domain}\n`)
    await t.test(WAYS[i]?.host ?? '', async (t) => {
      const body = ['first line', '.a dot', '\u00e4 8-bit', '', 'the end'].join('\\n')
      const sent = await swaks(postfix.port('plain'), '--to', `r@${domain}`, '--body', body)
      t.equal(sent.code, 0, sent.text)
      t.ok(await until(() => arrived(home).length === 1), log())
      const [message = ''] = arrived(home)
      t.match(message, IN_TLS)
      t.match(message, /\nfirst line\n\.a dot\n\u00c3\u00a4 8-bit\n\nthe end\n/)
    })
    await t.test(`${MESSAGES} messages`, async (t) => {
      const sent = await smtpSource(postfix.port('plain'), MESSAGES, 5, domain)
      t.equal(sent.code, 0, sent.text)
      t.ok(await until(() => arrived(home).length === 1 + MESSAGES), `${arrived(home).length} have arrived: ${log()}`)
      const to = new Set(arrived(home).map((text) => /^Delivered-To: (.*)$/m.exec(text)?.[1]))
      t.equal(to.size, 1 + MESSAGES, 'each once')
      t.ok(arrived(home).every((text) => IN_TLS.test(text)))
    })
  }
  await t.test('nothing is left', async (t) => {
    for (const server of servers) await server.stop()
    t.ok(await until(() => homes.every((home) => processesWith(home).length === 0)))
  })
})
