/** Who is not let in at port 587, and what a client can not do there: by real TLS, through the whole chain. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Client } from './lib/client.ts'
import { ANN, addressOf, IS_ROOT, JOE, loginHome, mailOf, setPassword } from './lib/login.ts'
import { find, treeOf } from './lib/processes.ts'
import { lack, until } from './lib/service.ts'
import { bySslserver, served } from './lib/ways.ts'

const CHAIN = ['qmail-reup', '-t', '5', 'qmail-authup', 'smtp', 'checkpassword', 'checknotroot', 'qmail-ofmipd']
const REQUIRED = bySslserver(CHAIN, { UCSPITLS: '!' })

const NEED_TLS = '530 authup Must start TLS first (#5.7.0)'
const NEED_LOGIN = '530 authup authentication required (#5.7.1)'
const REFUSED = '535 authup authorization failed (#5.7.0)'
const MALFORMED = '501 authup malformed auth input (#5.5.4)'
const WELCOME = '235 ok, go ahead (#2.0.0)'

const plain = (name: string, password: string): string =>
  `AUTH PLAIN ${Buffer.from(`\0${name}\0${password}`, 'latin1').toString('base64')}`
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
const GOOD = plain(JOE.name, JOE.password)
const attempts = (log: string): number => log.split(' attempt for ').length - 1

/** A client that has greeted, and started TLS. */
async function underTls(port: number): Promise<Client> {
  const client = await Client.connect(port)
  await client.ask('EHLO client.example')
  await client.ask('STARTTLS')
  await client.startTls()
  return client
}

/** Sends a message to JOE himself, once logged in. */
async function submit(t: Test, client: Client): Promise<void> {
  const address = addressOf(JOE)
  for (const command of [`MAIL FROM:<${address}>`, `RCPT TO:<${address}>`]) t.equal(await client.ask(command), '250 ok')
  t.equal(await client.ask('DATA'), '354 go ahead')
  t.match(await client.ask('Subject: x\r\n\r\nbody\r\n.'), /^250 ok \d+ qp \d+$/)
  t.equal(await client.ask('QUIT'), '221 mx.example')
}

t.setTimeout(0)

for (const exec of ['', 'always']) {
  const name = exec === '' ? 'required' : 'required, new images'
  t.test(
    name,
    { skip: lack([...REQUIRED.needs, ...CHAIN.filter((word) => /^q/.test(word))], 'as anybody') },
    async (t) => {
      const env = { UCSPITLS: '!', ...(exec === '' ? {} : { MOREQMAIL_EXEC: exec }) }
      await served(t, bySslserver(CHAIN, env), async (home, port, log) => {
        await t.test('in the clear', (t) => inTheClear(t, port, log))
        await t.test('what is behind STARTTLS', (t) => injected(t, home, port, log))
        await t.test('wrong logins', (t) => wrongLogins(t, home, port, log))
        await t.test('malformed logins', (t) => malformed(t, home, port))
        await t.test('a name that forges the log', (t) => forged(t, port, log))
        await t.test('no TLS behind STARTTLS', (t) => garbage(t, port, log))
        await t.test('a client that vanishes', (t) => vanishing(t, home, port, log))
        await t.test('processes that are killed', { skip: !IS_ROOT && 'needs root' }, (t) => killed(t, home, port, log))
      })
    },
  )
}

async function inTheClear(t: Test, port: number, log: () => string): Promise<void> {
  const before = attempts(log())
  const client = await Client.connect(port)
  t.equal(await client.ask('EHLO client.example'), '250-mx.example\r\n250-STARTTLS\r\n250-PIPELINING\r\n250 8BITMIME')
  for (const command of [GOOD, 'AUTH LOGIN', 'AUTH PLAIN']) t.equal(await client.ask(command), NEED_TLS, command)
  for (const command of [`MAIL FROM:<${addressOf(JOE)}>`, 'RCPT TO:<a@b>', 'DATA', 'VRFY joe', ''])
    t.equal(await client.ask(command), NEED_LOGIN, command)
  t.equal(await client.ask('QUIT'), '221 mx.example')
  client.close()
  t.equal(attempts(log()), before, 'checkpassword was not asked')
}

/** Whether it comes in one packet with STARTTLS or in one of its own: never executed, neither before nor after. */
async function injected(t: Test, home: string, port: number, log: () => string): Promise<void> {
  const before = attempts(log())
  for (const pieces of [[`STARTTLS\r\n${GOOD}\r\nQUIT\r\n`], ['STARTTLS\r\n', `${GOOD}\r\nQUIT\r\n`]]) {
    const client = await Client.connect(port)
    await client.ask('EHLO client.example')
    for (const piece of pieces) {
      client.send(piece)
      await delay(100)
    }
    t.equal(await client.reply(), '220 Ready to start TLS (#5.7.0)')
    t.equal(await client.within(200), '', 'nothing is answered in the clear')
    if (await client.startTls()) t.equal(await client.within(200), '', 'and nothing under TLS')
    client.close()
  }
  t.equal(attempts(log()), before, 'checkpassword was not asked')
  t.same(mailOf(home, JOE), [])
}

async function wrongLogins(t: Test, home: string, port: number, log: () => string): Promise<void> {
  const tired = await underTls(port)
  t.match(await tired.ask('EHLO client.example'), /^250-mx\.example\r\n250-AUTH LOGIN PLAIN\r\n250-PIPELINING\r\n/)
  for (const wrong of [
    plain(JOE.name, `${JOE.password} `),
    plain(JOE.name, ANN.password),
    plain('nobody', JOE.password),
    plain('JOE', JOE.password),
    plain('joe:', JOE.password),
  ])
    t.equal(await tired.ask(wrong), REFUSED)
  t.equal(await tired.rest(), '', 'closed after the fifth')
  t.ok(await until(() => /authup \d+ checkpassword \d+ failed, 0 remaining\n/.test(log())))
  t.ok(await until(() => /reup \d+ qmail-authup \d+ \(1\/5\): exit 12\n/.test(log())), 'and not run again')

  const patient = await underTls(port)
  for (const name of ['a', 'b', 'c']) t.equal(await patient.ask(plain(name, 'x')), REFUSED)
  t.equal(await patient.ask('AUTH LOGIN'), '334 VXNlcm5hbWU6')
  t.equal(await patient.ask(base64(JOE.name)), '334 UGFzc3dvcmQ6')
  t.equal(await patient.ask(base64('wrong')), REFUSED)
  t.equal(await patient.ask(`MAIL FROM:<${addressOf(JOE)}>`), NEED_LOGIN)
  t.equal(await patient.ask(`AUTH LOGIN ${base64(JOE.name)}`), '334 UGFzc3dvcmQ6')
  t.equal(await patient.ask(base64(JOE.password)), WELCOME, 'the fifth is good')
  for (const command of [GOOD, 'STARTTLS']) t.equal(await patient.ask(command), '502 unimplemented (#5.5.1)', command)
  t.notMatch(await patient.ask('EHLO client.example'), /AUTH|STARTTLS/)
  const before = mailOf(home, JOE).length
  await submit(t, patient)
  t.equal(mailOf(home, JOE).length, before + 1)
}

async function malformed(t: Test, home: string, port: number): Promise<void> {
  const client = await underTls(port)
  for (const input of [
    '=',
    '====',
    'AGpvZQBzZWNyZXQ',
    'AGpv ZQBzZWNyZXQ=',
    base64('joe'),
    base64('\0\0x'),
    base64('\0joe\0'),
  ])
    t.equal(await client.ask(`AUTH PLAIN ${input}`), MALFORMED, input)
  for (const input of ['=', '', base64('jo\0e')]) {
    t.equal(await client.ask('AUTH LOGIN'), '334 VXNlcm5hbWU6')
    t.equal(await client.ask(input), MALFORMED, input)
  }
  t.equal(await client.ask('AUTH PLAIN'), '334 ')
  t.equal(await client.ask('*'), '501 authup auth exchange cancelled (#5.0.0)')
  t.equal(await client.ask('AUTH CRAM-MD5'), '504 authup auth type unimplemented (#5.5.1)')
  client.send(`AUTH PLAIN ${'A'.repeat(3_000_000)}\r\n`)
  t.equal(await client.reply(), '500 authup line too long (#5.5.6)')
  // None of these was an attempt.
  t.equal(await client.ask(GOOD), WELCOME)
  const before = mailOf(home, JOE).length
  await submit(t, client)
  t.equal(mailOf(home, JOE).length, before + 1)
}

async function forged(t: Test, port: number, log: () => string): Promise<void> {
  const client = await underTls(port)
  t.equal(await client.ask(plain('x\nauthup 1 checkpassword 2 attempt for ann from 192.0.2.1', 'y')), REFUSED)
  client.close()
  t.ok(
    await until(() =>
      / attempt for x\?authup\?1\?checkpassword\?2\?attempt\?for\?ann\?from\?192\.0\.2\.1 from 127/.test(log()),
    ),
  )
  t.notMatch(log(), /^authup 1 /m)
}

async function garbage(t: Test, port: number, log: () => string): Promise<void> {
  const before = attempts(log())
  for (const text of ['EHLO x\r\n', '\x16\x03\x01\xff\xff', '\0'.repeat(100_000)]) {
    const client = await Client.connect(port)
    t.match(await client.ask('STARTTLS'), /^220 /)
    client.send(text)
    client.send(`${GOOD}\r\n`)
    t.notMatch(await client.rest(), /^\d{3}/m, 'not a word in the clear')
    client.close()
  }
  t.equal(attempts(log()), before)
  t.ok(await quiet(log), 'no process is left')
}

/** True once the listener has no connection. */
function quiet(log: () => string): Promise<boolean> {
  return until(() => log().trimEnd().endsWith('sslserver: status: 0/40'))
}

/** At each step: nothing arrives, and nobody is left waiting. */
async function vanishing(t: Test, home: string, port: number, log: () => string): Promise<void> {
  const before = mailOf(home, JOE).length
  const steps = ['EHLO x', GOOD, `MAIL FROM:<${addressOf(JOE)}>`, `RCPT TO:<${addressOf(JOE)}>`, 'DATA']
  const idle = connect(port, '127.0.0.1')
  idle.on('connect', () => idle.destroy())
  for (const how of ['before TLS', 'in the handshake'] as const) {
    const client = await Client.connect(port)
    if (how === 'in the handshake') {
      await client.ask('STARTTLS')
      client.send('\x16\x03\x01')
    }
    client.close()
  }
  for (let count = 0; count <= steps.length; count++) {
    const client = await underTls(port)
    for (const step of steps.slice(0, count)) await client.ask(step)
    if (count === steps.length) client.send('Subject: x\r\n\r\nhalf a message\r\n')
    client.close()
  }
  t.ok(await quiet(log), 'no process is left')
  t.equal(mailOf(home, JOE).length, before, 'nothing has arrived')
}

/** Whichever is killed, the connection ends, the listener goes on, and no message is lost that was promised. */
async function killed(t: Test, home: string, port: number, log: () => string): Promise<void> {
  for (const name of ['qmail-ofmipd', 'qmail-authup', 'qmail-reup', 'tls-io']) {
    t.ok(await quiet(log), `nobody is there before ${name} is killed`)
    const before = mailOf(home, JOE).length
    const client = await underTls(port)
    t.equal(await client.ask(GOOD), WELCOME)
    t.equal(await client.ask(`MAIL FROM:<${addressOf(JOE)}>`), '250 ok')
    const pid = Number(/.*sslserver: pid (\d+) from /s.exec(log())?.[1])
    const listener = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
    const victim = find(treeOf(listener), name)
    t.ok(victim, `${name} is there`)
    if (victim !== undefined) process.kill(victim.pid, 'SIGKILL')
    if (name === 'qmail-ofmipd') t.equal(await client.reply(), '454 authup aack, child crashed (#4.3.0)')
    if (name === 'tls-io' || name === 'qmail-ofmipd') await client.rest()
    client.close()
    t.ok(await quiet(log), 'no process is left')
    t.equal(mailOf(home, JOE).length, before)
  }
  const client = await underTls(port)
  t.equal(await client.ask(GOOD), WELCOME, 'the next client is served')
  await submit(t, client)
}

t.test('root', { skip: lack(REQUIRED.needs, 'as root') }, async (t) => {
  const home = loginHome()
  t.teardown(() => rmSync(home, { recursive: true }))
  // Accepts everybody, and changes nobody.
  const anybody = join(home, 'anybody')
  writeFileSync(anybody, '#!/bin/sh\nexec 3<&-\nexec "$@"\n')
  chmodSync(anybody, 0o755)
  const careless = CHAIN.map((word) => (word === 'checkpassword' ? anybody : word))
  for (const [name, chain] of [
    ['by checknotroot', careless],
    ['by checkpassword', CHAIN],
  ] as const)
    await t.test(name, async (t) => {
      await served(t, bySslserver(chain, { UCSPITLS: '!' }), async (home, port, log) => {
        for (const user of ['root', 'wheel'])
          setPassword(home, user, 'secret', user === 'root' ? ['0', '1'] : ['1', '0'], '/')
        const client = await underTls(port)
        for (const user of ['root', 'wheel']) t.equal(await client.ask(plain(user, 'secret')), REFUSED, user)
        client.close()
        t.ok(await until(() => / failed, 3 remaining/.test(log())))
        const said = /checknotroot: WAS RUNNING AS ROOT, TERMINATING/.test(log())
        t.equal(said, chain === careless)
      })
    })
})
