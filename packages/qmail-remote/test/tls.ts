import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NameServer } from '../../../test/lib/name-server.ts'
import { BIN, makeHome, type Result, runRemote, WAYS } from './lib/remote.ts'
import { faultOf } from './lib/rspawn.ts'
import { type Answers, FakeServer } from './lib/server.ts'

/** A program between us and TLS of its own, as control/tlsclient names it. */
const TLSC = './tlsc %n %k --'
const pem = (name: string) => readFileSync(join('test/cases/tls', name), 'latin1')
const MX = pem('mx.pem')
const CA = pem('ca.pem')
const OFFER = '250-mx\r\n250 STARTTLS\r\n'
const ACCEPTED = /^r\0K127\.0\.0\.\d accepted message\.\nRemote host said: 250 queued\n\0$/
const CLEAR = ['EHLO me.example', 'MAIL FROM:<s@b>', 'RCPT TO:<r@d.example>', 'DATA', 'hi\r\n.\r\n', 'QUIT']
const IN_TLS = ['EHLO me.example', 'STARTTLS', ...CLEAR.map((line) => `TLS ${line}`)]
const FAILED = 'ZTLS connect failed; connected to 127.0.0.2.\n\0'

interface Setting {
  readonly control?: Record<string, string>
  readonly env?: Record<string, string>
  /** The tlsc script; default the one that does TLS. */
  readonly script?: string
  /** Behind the host in smtproutes. */
  readonly route?: string
}

/** A run to d.example, whose MX is mx.example, a server on 127.0.0.2. */
async function send(
  t: Test,
  answers: readonly Answers[],
  { control = {}, env = {}, script, route = '' }: Setting = {},
  port = 0,
): Promise<Result & { readonly heard: readonly (readonly string[])[]; readonly home: string }> {
  const server = await FakeServer.start(t, answers, '127.0.0.2', port)
  const dns = await NameServer.start({ 'd.example': { MX: [[1, 'mx.example']] }, 'mx.example': { A: ['127.0.0.2'] } })
  t.teardown(() => dns.close())
  const files = Object.entries(control).map(([name, text]) => [`control/${name}`, text])
  const home = makeHome(t, {
    'control/smtproutes': `::${server.port}${route}\n`,
    'control/tlsclient': `${TLSC}\n`,
    tlsc: `#!/bin/sh\n${script ?? ''}\n`,
    ...Object.fromEntries(files),
  })
  if (script === undefined) {
    copyFileSync('packages/qmail-remote/test/lib/tlsc.mjs', join(home, 'tlsc'))
    chmodSync(join(home, 'tlsc'), 0o755)
  }
  const result = await runRemote({ home, env: { DNSCACHEIP: `127.0.0.1:${dns.port}`, ...env } })
  if (result.output.startsWith('r')) await server.quit()
  server.close()
  t.same([result.code, result.signal], [0, null])
  t.equal(faultOf(result.output, 1), '')
  return { ...result, heard: server.heard, home }
}

t.test('TLS if the server has it', async (t) => {
  for (const env of WAYS) {
    const { output, heard } = await send(t, [{ ehlo: OFFER, tls: MX }], { env })
    t.match(output, ACCEPTED)
    t.same(heard, [IN_TLS])
  }
  const none = await send(t, [{}])
  t.same(none.heard, [CLEAR])
  const refused = await send(t, [{ ehlo: OFFER, starttls: '454 not now\r\n' }])
  t.match(refused.output, ACCEPTED)
  t.same(refused.heard, [[...CLEAR.slice(0, 1), 'STARTTLS', ...CLEAR.slice(1)]])
})

t.test('what is offered behind TLS', async (t) => {
  const ehlo = '250-mx\r\n250-STARTTLS\r\n250-PIPELINING\r\n250-SIZE\r\n250 AUTH PLAIN\r\n'
  const setting = { route: '|joe|secret' }
  const { output, heard } = await send(t, [{ ehlo, tls: MX, other: () => '235 ok\r\n' }], setting)
  t.match(output, ACCEPTED)
  const [said = []] = heard
  t.same(said.slice(2, 5), ['TLS EHLO me.example', 'TLS AUTH PLAIN AGpvZQBzZWNyZXQ=', 'TLS MAIL FROM:<s@b> SIZE=3'])
  const refused = await send(t, [{ ehlo, tls: MX, other: () => '535 no\r\n' }], setting)
  t.equal(
    refused.output,
    'ZConnected to 127.0.0.2 but authentication was rejected (plain).\nRemote host said: 535 no\n\0',
  )
  const half = await send(t, [{ ehlo: OFFER, tls: MX, rcpt: ['550 no\r\n'] }])
  t.match(
    half.verdict,
    /^D127\.0\.0\.2 does not like recipient\.\nRemote host said: 550 no\nGiving up on 127\.0\.0\.2\.\n$/,
  )
})

t.test('TLS that does not work', async (t) => {
  for (const env of WAYS) {
    const { output, heard } = await send(t, [{ ehlo: OFFER, tls: '' }], { env })
    t.match(output, ACCEPTED, 'in clear')
    t.same(
      heard,
      [['EHLO me.example', 'STARTTLS'], CLEAR].map((lines, i) => (i === 0 ? lines : CLEAR)),
    )
  }
  const injected = await send(t, [{ ehlo: OFFER, starttls: '220 go\r\n250 mine\r\n' }, {}])
  t.match(injected.output, ACCEPTED)
  t.same(injected.heard, [['EHLO me.example', 'STARTTLS'], CLEAR], 'a reply too many')
})

t.test('a program for TLS that fails', async (t) => {
  const must = { 'tlshosts/mx.example.pem': CA }
  const output = async (script: string) => (await send(t, [{ ehlo: OFFER }], { control: must, script })).output
  for (const code of [0, 1, 96, 97, 98, 100, 111, 127]) t.equal(await output(`exit ${code}`), FAILED, `exit ${code}`)
  t.equal(
    await output('echo noise >&2; echo "tlsc: fatal: unable to handshake: no" >&2; exit 97'),
    'ZTLS connect failed: tlsc: fatal: unable to handshake: no; connected to 127.0.0.2.\n\0',
  )
  const crashed = 'ZEither tlsc or qmail-remote-io crashed.\n\0'
  t.equal(await output('kill -9 $$'), crashed)
  t.equal(await output(`printf 'r\\0K127'; kill -9 $$`), `r\0${crashed}`)
  t.equal(await output(`printf 'r\\0K127'`), `r\0${crashed}`)
  const missing = await send(t, [{ ehlo: OFFER }], { control: { ...must, tlsclient: './no-tlsc --\n' } })
  t.equal(
    missing.output,
    'ZTLS connect failed: unable to run ./no-tlsc: file does not exist; connected to 127.0.0.2.\n\0',
  )
  const optional = await send(t, [{ ehlo: OFFER }], { control: { tlsclient: './no-tlsc --\n' } })
  t.match(optional.output, ACCEPTED)
})

t.test('servers that have to prove their name', async (t) => {
  const control = { 'tlshosts/mx.example.pem': CA }
  const good = await send(t, [{ ehlo: OFFER, tls: MX }], { control })
  t.match(good.output, ACCEPTED)
  t.same(good.heard, [IN_TLS])
  const cause = 'control/tlshosts/mx.example.pem exists'
  t.equal((await send(t, [{}], { control })).output, `ZNo TLS achieved while ${cause}; connecting to 127.0.0.2.\n\0`)
  t.equal(
    (await send(t, [{ ehlo: OFFER, starttls: '454 no\r\n' }], { control })).output,
    `ZSTARTTLS rejected while ${cause}; connecting to 127.0.0.2.\nRemote host said: 454 no\n\0`,
  )
  for (const name of ['self.pem', 'other.pem', 'expired.pem', 'stranger.pem']) {
    const { output, heard } = await send(t, [{ ehlo: OFFER, tls: pem(name) }], { control })
    t.match(output, /^ZTLS connect failed: tlsc: fatal: unable to handshake: [A-Z_]+; connected to 127\.0\.0\.2\.\n\0$/)
    t.equal(heard.length, 1, 'not again in clear')
  }
  for (const never of ['tlshosts/exhaustivelist', 'notlshosts/mx.example'])
    t.same((await send(t, [{ ehlo: OFFER }], { control: { [never]: '' } })).heard, [CLEAR])
})

t.test('strictness', async (t) => {
  const strict = (n: number, more = {}) => ({
    control: { trustanchors: join(process.cwd(), 'test/cases/tls/ca.pem'), tlsstrictness: `${n}\n`, ...more },
  })
  const cause = 'control/tlsstrictness requires it'
  const none = `ZNo TLS achieved while ${cause}; connecting to 127.0.0.2.\n\0`
  t.same((await send(t, [{}], strict(1))).heard, [['EHLO me.example', 'QUIT'], CLEAR])
  t.same((await send(t, [{ ehlo: OFFER, tls: pem('self.pem') }], strict(1))).heard, [IN_TLS], 'not verified')
  t.equal((await send(t, [{}], strict(2))).output, none)
  t.equal((await send(t, [{}], strict(3))).output, none)
  t.match((await send(t, [{ ehlo: OFFER, tls: MX }], strict(2))).output, ACCEPTED)
  t.match((await send(t, [{ ehlo: OFFER, tls: pem('self.pem') }], strict(2))).output, /^ZTLS connect failed: .*\n\0$/)
  t.match((await send(t, [{}], { control: { tlsstrictness: '2\n' } })).output, ACCEPTED, 'nothing to verify with')
  const pinned = await send(t, [{}], strict(1, { 'tlshosts/mx.example.pem': CA }))
  t.equal(pinned.output, none, 'never in clear where the certificate is known')
  t.equal(pinned.heard.length, 1)
})

t.test('TLS from the start', async (t) => {
  const port = 465
  const first = await send(t, [{ implicit: true, tls: MX }], {}, port).catch(
    (error: NodeJS.ErrnoException) => error.code,
  )
  if (typeof first !== 'object') return t.comment(`port ${port}: ${first}`)
  t.match(first.output, ACCEPTED)
  t.same(first.heard, [CLEAR.map((line) => `TLS ${line}`)])
  const rejected = await send(t, [{ implicit: true, tls: MX, greeting: '554 no\r\n' }], {}, port)
  t.equal(rejected.output, 'ZTLS Connected to 127.0.0.2 but greeting failed.\nRemote host said: 554 no\n\0')
  const failed = await send(t, [{ implicit: true, tls: '' }], {}, port)
  t.match(failed.output, /^ZTLS connect failed/)
  t.equal(failed.heard.length, 1, 'never in clear')
})

t.test('what the program for TLS gets', async (t) => {
  const script = `
    printf '%s\\n' "$@" >args
    env | grep -E '^(SMTPC_|CA|SSL)' | sort >environment
    cat >message
    ls -l /proc/self/fd >descriptors
    exit 97`
  const control = {
    tlsclient: './tlsc -K%m %n %k %y -p%p %h --\n',
    timeoutremote: '77\n',
    timeoutconnect: '5\n',
    'tlshosts/mx.example.pem': CA,
    'clientcert.pem': 'x',
  }
  const { home } = await send(t, [{ ehlo: OFFER }], { control, script, env: { SSLCTLFD: '9' }, route: '|joe|pw' })
  const got = (name: string) => readFileSync(join(home, name), 'latin1')
  const [port] = /-p(\d+)/.exec(got('args')) ?? []
  const inner = 'qmail-remote-io -t 77 -6 6 -7 7 -h me.example -- 127.0.0.2 s@b r@d.example'
  t.equal(got('args').replaceAll('\n', ' '), `-K5000 -kmx.example -y ${port} mx.example -- ${inner} `)
  t.same(got('environment').split('\n').slice(0, -1), [
    `CAFILE=${home}/control/tlshosts/mx.example.pem`,
    'SMTPC_MX=mx.example',
    'SMTPC_PASS=pw',
    'SMTPC_USER=joe',
  ])
  t.equal(got('message'), 'hi\n')
  const sockets = got('descriptors').match(/ [67] -> socket:\[\d+\]/g) ?? []
  t.equal(sockets.length, 2)
})

t.test('tlsc', { skip: !existsSync(join(BIN, 'tlsc')) }, async (t) => {
  const own = { tlsclient: '' }
  const pinned = { ...own, 'tlshosts/mx.example.pem': CA }
  for (const env of WAYS) {
    const any = await send(t, [{ ehlo: OFFER, tls: pem('self.pem') }], { control: own, env })
    t.match(any.output, ACCEPTED)
    t.same(any.heard, [IN_TLS])
    const good = await send(t, [{ ehlo: OFFER, tls: MX }], { control: pinned, env })
    t.match(good.output, ACCEPTED)
    t.same(good.heard, [IN_TLS])
    for (const name of ['self.pem', 'other.pem', 'expired.pem']) {
      const bad = await send(t, [{ ehlo: OFFER, tls: pem(name) }], { control: pinned, env })
      t.equal(bad.output, FAILED)
      t.equal(bad.heard.length, 1)
    }
    const broken = await send(t, [{ ehlo: OFFER, tls: '' }], { control: own, env })
    t.match(broken.output, ACCEPTED)
    t.same(broken.heard[1], CLEAR)
    const loud = { ...pinned, tlsclient: 'tlsc -Sjv1 -K%m -6 6 -7 7 %n %k --\n' }
    const told = await send(t, [{ ehlo: OFFER, tls: pem('self.pem') }], { control: loud, env })
    t.match(told.output, /^ZTLS connect failed: tlsc: fatal: unable to handshake: .*; connected to 127\.0\.0\.2\.\n\0$/)
  }
  const died = await send(t, [{ ehlo: OFFER, tls: MX, hangUpAt: /^RCPT/ }], { control: own })
  t.equal(died.output, 'ZConnected to 127.0.0.2 but connection died. (#4.4.2)\n\0')
})

const TCPCLIENT = ['/usr/bin/tcpclient', '/usr/local/bin/tcpclient'].find(existsSync)

t.test('ucspitlsc', { skip: TCPCLIENT === undefined || !existsSync(join(BIN, 'ucspitlsc')) }, async (t) => {
  const control = { ucspiclient: `${TCPCLIENT} -RHl0 -T%t %i %p ucspitlsc -v1 -K%m %y %n %k --\n` }
  const pinned = { ...control, 'tlshosts/mx.example.pem': CA }
  for (const env of WAYS) {
    t.same((await send(t, [{ ehlo: OFFER, tls: pem('self.pem') }], { control, env })).heard, [IN_TLS])
    t.same((await send(t, [{ ehlo: OFFER, tls: MX }], { control: pinned, env })).heard, [IN_TLS])
    t.same((await send(t, [{}], { control, env })).heard, [CLEAR])
    const bad = await send(t, [{ ehlo: OFFER, tls: pem('self.pem') }], { control: pinned, env })
    t.match(bad.output, /^ZTLS connect failed: .*unable to handshake.*; connected to 127\.0\.0\.2\.\n\0$/)
    const broken = await send(t, [{ ehlo: OFFER, tls: '' }], { control, env })
    t.match(broken.output, ACCEPTED)
    t.same(broken.heard[1], CLEAR)
  }
})
