/** STARTTLS at port 25, by qmail-smtpd itself and by the proxy in front of one that has none, with real TLS. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Client } from './lib/client.ts'
import { arrived, mailHome, run, swaks } from './lib/mail.ts'
import { BIN, lack, processesWith, until } from './lib/service.ts'
import { TlsListener } from './lib/tls-listener.ts'

interface Chain {
  readonly argv: readonly string[]
  /** The word behind `with` in the trace line, and what follows it. */
  readonly trace: RegExp
  readonly filter: RegExp
}

const CHAINS: Readonly<Record<string, Chain>> = {
  'qmail-smtpd': {
    argv: ['qmail-smtpd'],
    trace: / with ESMTPS \(TLSv1\.[23] \S+ encrypted\); /,
    filter: /^Received: \(ucspitls TLSv1\.[23] \S+\); /m,
  },
  'smtpd-starttls-proxy-io': {
    // To the server this is a connection without TLS.
    argv: ['smtpd-starttls-proxy-io', 'env', 'UCSPITLS=-', 'qmail-smtpd'],
    trace: / with SMTP; /,
    filter: /^(?!Received: \(ucspitls )/,
  },
}

t.setTimeout(0)

for (const [name, chain] of Object.entries(CHAINS)) {
  const needs = [...chain.argv.filter((word) => /^[a-z-]+$/.test(word)), 'qmail-queue-maildir', 'qmail-qfilter-queue']
  t.test(name, { skip: lack(needs, 'as anybody') }, async (t) => {
    const home = mailHome()
    t.teardown(() => rmSync(home, { recursive: true }))
    writeFileSync(join(home, 'control/filters'), 'qmail-qfilter-addtlsheader\n')
    const listener = await TlsListener.start(chain.argv, {
      PATH: `${BIN}:/usr/bin:/bin`,
      QMAILHOME: home,
      QMAILQUEUE: `${BIN}/qmail-qfilter-queue`,
      QMAILQUEUEFILTERS: 'control/filters',
      QQF_QMAILQUEUE: `${BIN}/qmail-queue-maildir`,
      UCSPITLS: '',
    })
    try {
      await t.test('swaks', { skip: await noTls() }, (t) => bySwaks(t, home, listener.port, chain))
      await t.test('openssl', { skip: lack(['openssl'], 'as anybody') }, (t) => byOpenssl(t, listener.port))
      await t.test('in the clear', (t) => inTheClear(t, home, listener.port))
    } finally {
      await listener.stop()
    }
    t.ok(await until(() => processesWith(home).length === 0), 'no process is left')
  })
}

/** Why swaks can't do TLS here, false if it can. */
async function noTls(): Promise<string | false> {
  const { text } = await run(['swaks', '--support'])
  return /^=== TLS supported/m.test(text) ? false : 'needs swaks with TLS'
}

async function bySwaks(t: Test, home: string, port: number, { trace, filter }: Chain): Promise<void> {
  const tls = ['--tls', '--tls-verify', '--tls-ca-path', 'test/cases/tls/ca.pem']
  for (const protocol of ['tlsv1_2', 'tlsv1_3']) {
    const before = new Set(arrived(home))
    const { code, text } = await swaks(port, ...tls, '--tls-protocol', protocol, '--body', 'x\n'.repeat(50_000))
    t.equal(code, 0, `${protocol}: ${code === 0 ? 'sent' : text.slice(-400)}`)
    const [message = '', ...more] = arrived(home).filter((text) => !before.has(text))
    t.equal(more.length, 0)
    t.match(message, trace)
    t.match(message.slice(message.lastIndexOf('\nReceived: (ucspitls') + 1 || message.indexOf('Received:')), filter)
    t.ok(message.length > 100_000, 'whole')
  }
  t.not((await swaks(port, '--tls', '--tls-protocol', 'tlsv1_1')).code, 0, 'an old version')
}

async function byOpenssl(t: Test, port: number): Promise<void> {
  const { code, text } = await run([
    ...['sh', '-c', '{ sleep 0.5; printf "EHLO y\\n"; sleep 0.5; printf "quit\\n"; sleep 0.5; } | exec "$@"', 'sh'],
    ...['openssl', 's_client', '-starttls', 'smtp', '-crlf', '-connect', `127.0.0.1:${port}`],
    ...['-CAfile', 'test/cases/tls/ca.pem', '-verify_return_error', '-verify_hostname', 'mx.example'],
  ])
  t.equal(code, 0)
  t.match(text, /Verify return code: 0 \(ok\)/)
  t.match(text, /^250-PIPELINING\r?$[\s\S]*^221 mx\.example/m)
  t.notMatch(text, /^250-STARTTLS/m, 'not offered again')
}

/** Everything that is not TLS. */
async function inTheClear(t: Test, home: string, port: number): Promise<void> {
  const before = arrived(home).length
  t.equal((await swaks(port)).code, 0, 'a client without TLS')
  t.equal(arrived(home).length, before + 1)
  const injected = await Client.connect(port)
  injected.send('EHLO x\r\n')
  t.match(await injected.reply(), /^250-STARTTLS\r$/m)
  injected.send('STARTTLS\r\nMAIL FROM:<s@client.example>\r\nRCPT TO:<r@d.example>\r\nDATA\r\n')
  const reply = await injected.reply()
  t.ok(/^(?:220|503)/.test(reply), 'commands behind STARTTLS')
  if (reply.startsWith('220')) t.equal(await injected.within(300), '', 'are never executed')
  injected.close()
  const garbage = await Client.connect(port)
  t.match(await garbage.ask('STARTTLS'), /^220/)
  garbage.send('QUIT\r\nMAIL FROM:<s@client.example>\r\n')
  t.notMatch(await garbage.rest(), /^\d{3} /m, 'no TLS behind STARTTLS: not a word in the clear')
  const vanishing = await Client.connect(port)
  await vanishing.ask('STARTTLS')
  vanishing.close()
  t.equal(arrived(home).length, before + 1, 'nothing else has arrived')
}
