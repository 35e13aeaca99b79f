/** Who is not let in at port 110, and what a client can not do there: by real TLS, through the whole chain. */
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Client } from './lib/client.ts'
import { ANN, homeOf, JOE, loginHome, setPassword } from './lib/login.ts'
import { lack, until } from './lib/service.ts'
import { bySslserver, served, supervised } from './lib/ways.ts'

const CHAIN = ['qmail-authup', 'pop3', 'checkpassword', 'checknotroot', 'qmail-pop3d', 'Maildir']
const POPUP = ['qmail-popup', 'mx.example', ...CHAIN.slice(2)]

const NEED_TLS = '-ERR authup Must start TLS first'
const NEED_LOGIN = '-ERR authup authorization first'
const REFUSED = '-ERR authup authorization failed'
const GREETING = /^\+OK <\d+\.\d+@mx\.example>$/

const attempts = (log: string): number => log.split(' attempt for ').length - 1

async function greeted(t: Test, port: number): Promise<Client> {
  const client = Client.open(port)
  t.match(await client.line(), GREETING)
  return client
}

async function underTls(t: Test, port: number): Promise<Client> {
  const client = await greeted(t, port)
  t.equal(await client.askLine('STLS'), '+OK starting TLS negotiation')
  t.ok(await client.startTls(), 'TLS')
  return client
}

/** The lines of the reply to CAPA. */
async function capabilities(client: Client): Promise<readonly string[]> {
  const lines = [await client.askLine('CAPA')]
  while (lines.at(-1) !== '.' && lines.length < 20) lines.push(await client.line())
  return lines.slice(1, -1)
}

t.setTimeout(0)

for (const chain of [CHAIN, POPUP])
  for (const exec of ['', 'always']) {
    const way = bySslserver(chain, { UCSPITLS: '!', ...(exec === '' ? {} : { MOREQMAIL_EXEC: exec }) })
    const skip = lack([...way.needs, chain[0] ?? '', 'qmail-pop3d'], 'as anybody')
    t.test(`${chain[0]}${exec && ', new images'}`, { skip }, async (t) => {
      await served(t, way, async (home, port, log) => {
        await t.test('in the clear', (t) => inTheClear(t, port, log))
        await t.test('what is behind STLS', (t) => injected(t, port, log))
        await t.test('logins', (t) => logins(t, home, port, log))
      })
    })
  }

async function inTheClear(t: Test, port: number, log: () => string): Promise<void> {
  const before = attempts(log())
  const client = await greeted(t, port)
  t.same(await capabilities(client), ['STLS', 'TOP', 'UIDL'])
  t.equal(await client.askLine(`USER ${JOE.name}`), NEED_TLS)
  t.equal(await client.askLine(`PASS ${JOE.password}`), '-ERR authup USER first')
  for (const command of [`APOP ${JOE.name} ${'0'.repeat(32)}`, 'AUTH PLAIN', 'STAT', 'RETR 1', ''])
    t.equal(await client.askLine(command), NEED_LOGIN, command)
  t.equal(await client.askLine('QUIT'), '+OK ')
  client.close()
  t.equal(attempts(log()), before, 'checkpassword was not asked')
}

/** A name or a login in one packet with STLS, or in one of its own: never executed, neither before nor after. */
async function injected(t: Test, port: number, log: () => string): Promise<void> {
  const before = attempts(log())
  const login = `USER ${JOE.name}\r\nPASS ${JOE.password}\r\nDELE 1\r\nQUIT\r\n`
  for (const pieces of [[`STLS\r\n${login}`], ['STLS\r\n', login], [`STLS\r\nUSER ${JOE.name}\r\n`]]) {
    const client = await greeted(t, port)
    for (const piece of pieces) {
      client.send(piece)
      await delay(100)
    }
    t.equal(await client.line(), '+OK starting TLS negotiation')
    t.equal(await client.within(200), '', 'nothing is answered in the clear')
    if (await client.startTls()) t.equal(await client.askLine(`PASS ${JOE.password}`), '-ERR authup USER first')
    client.close()
  }
  t.equal(attempts(log()), before, 'checkpassword was not asked')
}

async function logins(t: Test, home: string, port: number, log: () => string): Promise<void> {
  for (const [name, password] of [
    [JOE.name, ANN.password],
    ['nobody', JOE.password],
    ['x\u0001authup 1', 'y'],
  ]) {
    const client = await underTls(t, port)
    t.same(await capabilities(client), ['USER', 'TOP', 'UIDL'])
    t.equal(await client.askLine(`USER ${name}`), '+OK ')
    t.equal(await client.askLine(`PASS ${password}`), REFUSED)
    t.equal(await client.rest(), '', 'closed')
  }
  t.ok(await until(() => / checkpassword \d+ failed, 0 remaining\n/.test(log())))
  t.match(log(), / attempt for x\?authup\?1 from 127\.0\.0\.1\n/)

  const message = join(homeOf(home, ANN), 'Maildir/cur/1700000000.M1P1Q1.host:2,')
  writeFileSync(message, 'Subject: for ann\n\nbody\n')
  chmodSync(message, 0o644)
  await delay(1000)
  for (const [user, stat] of [
    [JOE, '+OK 0 0'],
    [ANN, '+OK 1 23'],
  ] as const) {
    const client = await underTls(t, port)
    // All at once: what comes behind PASS is for qmail-pop3d.
    client.send(`USER ${user.name}\r\nPASS ${user.password}\r\nSTAT\r\nUSER root\r\nSTLS\r\nQUIT\r\n`)
    const replies = (await client.rest()).split('\r\n')
    t.same(replies, ['+OK ', '+OK ', stat, '-ERR unimplemented', '-ERR unimplemented', '+OK ', ''], user.name)
  }
  rmSync(message)
}

t.test('in the clear on port 995', { skip: lack(supervised('s6', 'pop3s').needs, 'as root') }, async (t) => {
  await served(t, supervised('s6', 'pop3s'), async (_home, port, log) => {
    for (const text of [`USER ${JOE.name}\r\nPASS ${JOE.password}\r\n`, '\0'.repeat(1000)]) {
      const client = Client.open(port)
      client.send(text)
      t.notMatch(await client.rest(), /\+OK|-ERR/, 'no word of POP3')
      client.close()
    }
    t.ok(await until(() => log().includes('dropping connection, unable to accept TLS from: 127.0.0.1')))
    t.notMatch(log(), /authup/, 'no program was run')
  })
})

t.test('root', { skip: lack(bySslserver(CHAIN, {}).needs, 'as root') }, async (t) => {
  const own = loginHome()
  t.teardown(() => rmSync(own, { recursive: true }))
  // Accepts everybody, and changes nobody.
  const anybody = join(own, 'anybody')
  writeFileSync(anybody, '#!/bin/sh\nexec 3<&-\nexec "$@"\n')
  chmodSync(anybody, 0o755)
  for (const prog of ['checkpassword', anybody]) {
    const chain = CHAIN.map((word) => (word === 'checkpassword' ? prog : word))
    await served(t, bySslserver(chain, { UCSPITLS: '!' }), async (home, port, log) => {
      setPassword(home, 'root', 'secret', ['0', '0'], '/')
      const client = await underTls(t, port)
      t.equal(await client.askLine('USER root'), '+OK ')
      t.equal(await client.askLine('PASS secret'), REFUSED, prog)
      t.equal(log().includes('checknotroot: WAS RUNNING AS ROOT, TERMINATING'), prog === anybody)
    })
  }
})
