/** qmail-remote to Debian's Exim: logins in clear and by TLS, and each message byte for byte. */
import t, { type Test } from 'tap'
import { Exim, JOE, lacksExim, type Method } from './lib/exim.ts'
import { asSent, isThorough, LINE_ENDS, MESSAGES, sameText, send, senderHome, WAYS, type Way } from './lib/outbound.ts'

t.setTimeout(0)

const SMALL = MESSAGES['small'] ?? ''
const CREDENTIALS = `|${JOE.user}|${JOE.password}`

t.test('Exim', { skip: lacksExim() }, async (t) => {
  t.setTimeout(0)
  const exim = await Exim.start()
  t.teardown(() => exim.stop())
  for (const way of WAYS) {
    await t.test(way.name, { skip: way.lacking }, async (t) => {
      await t.test('messages', (t) => messages(t, exim, way))
      await t.test('logins', (t) => logins(t, exim, way))
    })
  }
})

async function messages(t: Test, exim: Exim, way: Way): Promise<void> {
  exim.offer()
  const ends = Object.entries(LINE_ENDS).map(([name, [text, wanted]]) => [name, text, wanted] as const)
  const all = [...Object.entries(MESSAGES).map(([name, text]) => [name, text, text] as const), ...ends]
  for (const host of ['127.0.0.1', ...(way.six ? ['[::1]'] : [])]) {
    for (const never of isThorough(way) ? [false, true] : [false]) {
      const listed = never ? { 'tlshosts/exhaustivelist': '' } : {}
      const home = senderHome(t, way, { smtproutes: `:${host}:${exim.port}\n`, ...listed })
      for (const [name, text, wanted] of all) {
        // What has no empty line behind its header gets one here.
        if (name === 'header alone' || text.length > 3_000_000) continue
        const { output } = await send(t, way, home, text)
        t.match(output, /^r\0K\S+ accepted message\.\nRemote host said: 250 OK id=\S+\n\0$/, name)
        const arrived = (await exim.next()) ?? ''
        sameText(t, asSent(arrived), wanted, `${name} at ${host}`)
        t.match(arrived, never ? / with esmtp \(/ : / with esmtps {2}\(TLS1\.3\)/)
      }
    }
  }
}

/** With authsenders and with smtproutes; a password goes to this host in clear, and to others only through TLS. */
async function logins(t: Test, exim: Exim, way: Way): Promise<void> {
  const to = async (route: Readonly<Record<string, string>>, tls: boolean, envelope = {}) => {
    const listed = tls ? {} : { 'tlshosts/exhaustivelist': '' }
    const home = senderHome(t, way, { ...route, ...listed })
    const sent = await send(t, way, home, SMALL, { recipients: ['r@login.example'], ...envelope })
    t.notOk(sent.output.includes(JOE.password), 'no password in the report')
    const arrived = sent.verdict.startsWith('K') ? ((await exim.next()) ?? '') : ''
    if (arrived !== '') sameText(t, asSent(arrived), SMALL, 'what was delivered')
    return { ...sent, arrived }
  }
  const smtproutes = `:127.0.0.1:${exim.port}${CREDENTIALS}\n`
  const rejected = (method: string) =>
    `ZConnected to 127.0.0.1 but authentication was rejected (${method}).\nRemote host said: 535 Incorrect authentication data\n`
  const names: Readonly<Record<Method, string>> = { plain: 'plain', login: 'login', cram: 'cram-md5' }
  for (const method of ['plain', 'login', 'cram'] as const) {
    exim.offer(method)
    for (const tls of [false, true]) {
      const good = await to({ smtproutes }, tls)
      t.match(good.arrived, tls ? / with esmtpsa {2}\(TLS1\.3\)/ : / with esmtpa \(/, `${method}${tls ? ', TLS' : ''}`)
      const wrong = await to({ smtproutes: `:127.0.0.1:${exim.port}|joe|wrong\n` }, tls)
      t.equal(wrong.verdict, rejected(names[method]))
    }
  }
  exim.offer('plain', 'login', 'cram')
  await to({ smtproutes }, true)
  await to({ smtproutes }, false)
  t.same(exim.log.match(/A=(?:plain|login|cram)(?=:joe)/g)?.slice(-2), ['A=plain', 'A=cram'], 'the best one')
  const authsenders = `s@client.example:127.0.0.1:${exim.port}${CREDENTIALS}\n`
  const other = { authsenders, smtproutes: ':127.0.0.1:1\n' }
  t.match((await to(other, true)).arrived, / with esmtpsa /, 'by the sender')
  t.equal((await to(other, true, { sender: 'x@client.example' })).verdict.charAt(0), 'Z', 'another sender')
  exim.offer()
  const none = 'ZConnected to 127.0.0.1 but it offers no AUTH method that I can use.\n'
  t.equal((await to({ smtproutes }, true)).verdict, none)
  const without = await to({ smtproutes: `:127.0.0.1:${exim.port}\n` }, true)
  t.match(without.verdict, /^D127\.0\.0\.1 does not like recipient\.\nRemote host said: 550 who are you\?\nGiving up/)
}
