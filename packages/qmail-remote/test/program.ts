import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { BIN, makeHome, type Result, runRemote, type Setting, WAYS } from './lib/remote.ts'
import { faultOf } from './lib/rspawn.ts'
import { type Answers, FakeServer } from './lib/server.ts'

const DELIVERED = 'r\0K127.0.0.1 accepted message.\nRemote host said: 250 queued\n\0'
const DIED = 'ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n\0'
const DUPLICATE = 'ZConnected to 127.0.0.1 but connection died. Possible duplicate! (#4.4.2)\n\0'
const NO_CONTROL = 'ZUnable to read control files. (#4.3.0)\n\0'
const NO_CONNECTION = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"

/** A run against one server to which everything is routed. Its report must be one. */
async function send(
  t: Test,
  answers: Answers,
  of: Omit<Setting, 'home'> & { readonly control?: Record<string, string> } = {},
): Promise<Result & { readonly heard: readonly string[] }> {
  const server = await FakeServer.start(t, [answers])
  const files = Object.entries(of.control ?? {}).map(([name, text]) => [`control/${name}`, text])
  const home = makeHome(t, { 'control/smtproutes': `:127.0.0.1:${server.port}\n`, ...Object.fromEntries(files) })
  const result = await runRemote({ home, ...of })
  server.close()
  sound(t, result, (of.args?.length ?? 3) - 2)
  return { ...result, heard: server.heard[0] ?? [] }
}

function sound(t: Test, { output, code, signal }: Result, recipients = 1): void {
  t.same([code, signal], [0, null])
  t.equal(faultOf(output, recipients), '')
}

t.test('a delivery', async (t) => {
  for (const env of WAYS) {
    const { output, verdict, heard } = await send(t, {}, { env })
    t.equal(output, DELIVERED)
    t.equal(verdict, 'K127.0.0.1 accepted message.\nRemote host said: 250 queued\n')
    t.same(heard, ['EHLO me.example', 'MAIL FROM:<s@b>', 'RCPT TO:<r@d.example>', 'DATA', 'hi\r\n.\r\n', 'QUIT'])
    t.equal((await send(t, { size: 1 }, { env })).output, DELIVERED, 'byte by byte')
  }
  t.equal((await send(t, {}, { program: 'qmail-newremote' })).output, DELIVERED)
})

t.test('what qmail-rspawn makes of it', async (t) => {
  const verdict = async (answers: Answers) => (await send(t, answers)).verdict
  const said = 'Remote host said: '
  t.equal(
    await verdict({ rcpt: ['550 no\r\n'] }),
    `D127.0.0.1 does not like recipient.\n${said}550 no\nGiving up on 127.0.0.1.\n`,
  )
  t.equal(
    await verdict({ rcpt: ['450 no\r\n'] }),
    `Z127.0.0.1 does not like recipient.\n${said}450 no\nGiving up on 127.0.0.1.\n`,
  )
  t.equal(await verdict({ mail: '550 no\r\n' }), `DConnected to 127.0.0.1 but sender was rejected.\n${said}550 no\n`)
  t.equal(await verdict({ data: '554 no\r\n' }), `D127.0.0.1 failed on DATA command.\n${said}554 no\n`)
  t.equal(await verdict({ message: '451 no\r\n' }), `Z127.0.0.1 failed after I sent the message.\n${said}451 no\n`)
  t.equal(await verdict({ greeting: '554 no\r\n' }), `ZConnected to 127.0.0.1 but greeting failed.\n${said}554 no\n`)
})

t.test('a server that closes after every byte', async (t) => {
  const replies = ['220 mx\r\n', '250 mx\r\n', '250 ok\r\n', '250 ok\r\n', '354 go\r\n', '250 queued\r\n']
  const all = replies.join('').length
  const beforeData = replies.slice(0, 4).join('').length
  for (let cut = 0; cut < all; cut++) {
    const { output } = await send(t, { cut })
    if (cut >= beforeData) t.ok([`r\0${DIED}`, `r\0${DUPLICATE}`].includes(output), `${cut}: ${output}`)
    else t.equal(output, DIED, `after ${cut} bytes`)
    if (cut > all - '250 queued\r\n'.length) t.equal(output, `r\0${DUPLICATE}`)
  }
})

t.test('servers that talk nonsense', async (t) => {
  for (const nonsense of ['abc\r\n', '\r\n', '\0\0\0\n', '99999999999\r\n', '220-a\r\n221 b\r\n', 'x'.repeat(70_000)]) {
    const reply = nonsense.endsWith('\n') ? nonsense : `${nonsense}\r\n`
    for (const at of ['greeting', 'ehlo', 'mail', 'data', 'message'] as const) {
      const answers = { [at]: reply, helo: reply }
      t.equal((await send(t, answers)).verdict.charAt(0), 'Z', `${JSON.stringify(reply.slice(0, 20))} as ${at}`)
    }
    t.equal((await send(t, { rcpt: [reply] })).verdict.charAt(0), 'Z')
  }
})

t.test('servers that take their time', async (t) => {
  const control = { timeoutremote: '1\n' }
  const slow = async (answers: Answers) => {
    const { output, seconds } = await send(t, answers, { control })
    t.ok(seconds < 3, `${seconds} seconds`)
    return output
  }
  t.equal(await slow({ greeting: '' }), DIED)
  t.equal(await slow({ mail: '' }), DIED)
  t.equal(await slow({ message: '' }), `r\0${DUPLICATE}`)
  t.equal(await slow({ ehlo: `250-${'x'.repeat(4000)}\r\n250 x\r\n`, size: 1 }), DIED, 'a drip')
  t.equal(await slow({ ehlo: '250-on and on\r\n'.repeat(100_000) }), DIED, 'no end')
})

t.test('many recipients, half of them refused', async (t) => {
  const count = 500
  const args = ['d.example', 's@b', ...Array.from({ length: count }, (_, i) => `r${i}@d.example`)]
  const rcpt = Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? '250 ok\r\n' : i % 4 === 1 ? '550 no\r\n' : '450 wait\r\n',
  )
  for (const ehlo of ['250 mx\r\n', '250-mx\r\n250 PIPELINING\r\n']) {
    const { output, heard } = await send(t, { rcpt, ehlo }, { args })
    const letters = output.split('\0').map((record) => record.charAt(0))
    t.equal(letters.join(''), `${'rhrs'.repeat(count / 4)}K`)
    t.equal(heard.filter((line) => line.startsWith('RCPT')).length, count)
  }
})

t.test('before the conversation', async (t) => {
  const home = makeHome(t)
  const output = async (args: readonly string[]) => {
    const result = await runRemote({ home, args })
    sound(t, result)
    return result.output
  }
  for (const args of [[], ['h'], ['h', 's']])
    t.equal(await output(args), 'DI (qmail-remote) was invoked improperly. (#5.3.5)\n\0')
  const lineBreak = 'DSorry, I refuse to send an envelope address with a line break in it. (#5.1.3)\n\0'
  for (const args of [
    ['h', 's\n@b', 'r@d'],
    ['h', 's', 'r\r@d'],
    ['h', 's', 'r', 'r@d>'],
  ])
    t.equal(await output(args), lineBreak)
  const lost = await runRemote({ home, env: { QMAILHOME: '/nonexistent' } })
  t.equal(lost.output, 'ZUnable to switch to home directory. (#4.3.0)\n\0')
})

t.test('control files that are no files', async (t) => {
  const names = [
    ...['me', 'helohost', 'timeoutremote', 'timeoutconnect', 'timeoutdns', 'smtproutes', 'authsenders', 'outgoingip'],
    ...['ipme', 'ucspiclient', 'tlsclient', 'trustanchors', 'clientcert', 'clientkey', 'tlsclientciphers'],
    ...['tlsstrictness', 'authclear', 'smtputf8'],
  ]
  for (const name of names) {
    const home = makeHome(t, name === 'me' ? { 'control/helohost': 'h\n' } : {})
    rmSync(join(home, 'control', name), { force: true })
    mkdirSync(join(home, 'control', name))
    const result = await runRemote({ home, args: ['[127.0.0.1]', 's@b', 'r@d'] })
    sound(t, result)
    t.equal(result.output, NO_CONTROL, name)
  }
})

t.test('values of control files', async (t) => {
  const refused = ':127.0.0.1:1\n'
  const output = async (control: Record<string, string>, args?: readonly string[]) => {
    const files = Object.entries(control).map(([name, text]) => [`control/${name}`, text])
    const home = makeHome(t, { 'control/smtproutes': refused, ...Object.fromEntries(files) })
    const result = await runRemote({ home, ...(args && { args }) })
    sound(t, result)
    return result.output
  }
  t.equal(await output({}), NO_CONNECTION)
  t.equal(await output({ me: '\n' }), NO_CONTROL)
  t.equal(await output({ me: '\n', helohost: 'h\n' }), NO_CONNECTION)
  const badIp = 'Zinvalid ipaddr in control/outgoingip (#4.3.0)\n\0'
  for (const ip of ['x', '192.0.2.256', '[192.0.2.1]', '192.0.2.1 192.0.2.2'])
    t.equal(await output({ outgoingip: `${ip}\n` }), badIp)
  for (const ip of ['', '0.0.0.0', '::', '::1', '127.0.0.1', '127.000.000.001', '192.0.2.99'])
    t.equal(await output({ outgoingip: `${ip} \n` }), NO_CONNECTION, ip)
  for (const line of ['x', '192.0.2.0/24', '::g']) t.equal(await output({ ipme: `192.0.2.1\n${line}\n` }), NO_CONTROL)
  t.equal(await output({ timeoutremote: '99999999999999999999\n', timeoutconnect: '0\n' }), NO_CONNECTION)
  const own = ['[192.0.2.77]', 's@b', 'r@d']
  const loop = /^DSorry\. Although I'm listed .*\n.* \(#5\.4\.6\)\n\0$/
  t.match(await output({ ipme: '# mine\n::ffff:192.0.2.77\n', smtproutes: '' }, own), loop)
  for (const host of ['127.0.0.1', '[::1]', '[IPv6:::ffff:127.0.0.1]', '0.0.0.0', '[::]'])
    t.match(await output({ smtproutes: '' }, [host, 's@b', 'r@d']), loop, host)
})

t.test('the message', async (t) => {
  const big = `${'x'.repeat(998)}\n`.repeat(5000)
  const { output, heard } = await send(t, { ehlo: '250-mx\r\n250 SIZE\r\n' }, { message: big })
  t.equal(output, DELIVERED)
  t.equal(heard[1], `MAIL FROM:<s@b> SIZE=${big.length}`)
  t.equal(heard[4], `${big.replaceAll('\n', '\r\n')}.\r\n`)
  const piped = await send(t, { ehlo: '250-mx\r\n250 SIZE\r\n' }, { message: big, piped: true })
  t.equal(piped.output, DELIVERED)
  t.equal(piped.heard[1], 'MAIL FROM:<s@b>', 'nobody knows its size')
  const partial = 'r\0DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n\0'
  t.equal((await send(t, {}, { message: 'a\nb' })).output, partial)
  t.equal((await send(t, {}, { message: 'a\nb', piped: true })).output, partial)
  t.equal((await send(t, {}, { message: '' })).output, DELIVERED)
})

t.test('a server that refuses the message while it comes', async (t) => {
  const server = await FakeServer.start(t, [{ hangUpAt: /^DATA/ }])
  const home = makeHome(t, { 'control/smtproutes': `:127.0.0.1:${server.port}\n` })
  const result = await runRemote({ home, message: `${'x'.repeat(998)}\n`.repeat(20_000) })
  sound(t, result)
  t.equal(result.output, `r\0${DIED}`)
})

t.test('descriptors', async (t) => {
  const server = await FakeServer.start(t, [{}])
  const home = makeHome(t, { 'control/smtproutes': `:127.0.0.1:${server.port}\n` })
  const run = (redirections: string) => {
    const command = `exec "$0" d.example s@b r@d.example ${redirections}`
    const options = { env: { PATH: '/usr/bin:/bin', QMAILHOME: home }, encoding: 'latin1' } as const
    return new Promise<{ status: number; output: string }>((done) => {
      execFile('sh', ['-c', command, join(BIN, 'qmail-remote')], options, (error, output, errors) =>
        done({ status: Number(error?.code ?? 0), output: output + errors }),
      )
    })
  }
  t.same(await run('</dev/null'), { status: 0, output: DELIVERED })
  t.same(await run('</dev/null >&-'), { status: 0, output: '' }, 'nobody wants the report')
  t.same(await run('</dev/null >/dev/full'), { status: 0, output: '' })
  t.same(await run('</dev/null 2>&-'), { status: 0, output: DELIVERED })
  t.same(await run('</'), { status: 0, output: 'r\0ZUnable to read message. (#4.3.0)\n\0' })
  t.same(await run('</dev/null 3>&- 4>&- 5>&- 6>&- 7>&-'), { status: 0, output: DELIVERED })
})
