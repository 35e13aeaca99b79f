import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeHome, type Result, runRemote, type Setting, WAYS } from './lib/remote.ts'
import { faultOf } from './lib/rspawn.ts'
import { FakeServer } from './lib/server.ts'

const DELIVERED = 'r\0K192.0.2.1 accepted message.\nRemote host said: 250 queued\n\0'
const NO_CONNECTION = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"
const CRASHED = 'Zqmail-smtpc crashed.\n\0'

/** A run with this shell script as the UCSPI client. */
async function withClient(
  t: Test,
  script: string,
  of: Omit<Setting, 'home'> & { readonly files?: Record<string, string> } = {},
): Promise<Result & { readonly home: string }> {
  const home = makeHome(t, {
    'control/ucspiclient': './client %i %p\n',
    'control/smtproutes': ':192.0.2.1\n',
    client: `#!/bin/sh\n${script}\n`,
    ...of.files,
  })
  const result = await runRemote({ home, ...of })
  t.same([result.code, result.signal], [0, null])
  t.equal(faultOf(result.output, (of.args?.length ?? 3) - 2), '')
  return { ...result, home }
}

const printf = (report: string) => `printf '%b' '${report.replaceAll('\0', '\\0000').replaceAll('\n', '\\n')}'`

t.test('a whole report', async (t) => {
  const output = async (script: string) => (await withClient(t, script)).output
  t.equal(await output(printf(DELIVERED)), DELIVERED)
  t.equal(await output(`${printf(DELIVERED)}; exit 99`), DELIVERED)
  t.equal(await output(`${printf(DELIVERED)}; kill -9 $$`), DELIVERED)
  t.equal(await output(`echo noise >&2; printf r; sleep .1; ${printf(DELIVERED.slice(1))}`), DELIVERED)
  const noise = 'dd if=/dev/zero bs=1000 count=1000 2>/dev/null >&2'
  t.equal(await output(`${noise}; ${printf(DELIVERED)}; ${noise}`), DELIVERED, 'a MB of noise')
})

t.test('a report that is cut', async (t) => {
  const report = 'h1 no\n\0r\0K1 ok\n\0'
  for (let cut = 1; cut < report.length; cut++) {
    const complete = report.slice(0, cut).split('\0').slice(0, -1)
    const { output } = await withClient(t, printf(report.slice(0, cut)), { args: ['d.example', 's@b', '1@d', '2@d'] })
    t.equal(output, `${complete.map((record) => `${record}\0`).join('')}${CRASHED}`, `after ${cut} bytes`)
  }
})

t.test('what is no report', async (t) => {
  const output = async (script: string) => (await withClient(t, script)).output
  t.equal(await output('echo hello'), CRASHED)
  t.equal(await output(printf('K1\n\0Z2\n\0')), CRASHED, 'two last words')
  t.equal(await output(`${printf('K1\n\0')}; sleep .1; ${printf('Z2\n\0')}`), CRASHED)
  t.equal(await output(`${printf(DELIVERED)}; echo`), `r\0${CRASHED}`)
  t.equal(await output('exec yes'), CRASHED, 'no end')
  const { output: killed, seconds } = await withClient(t, 'sleep 20 & printf junk; exit 0')
  t.equal(killed, CRASHED)
  t.ok(seconds < 10, 'whoever keeps the output open is not waited for')
})

t.test('a child of the client that stays', async (t) => {
  const { output, seconds } = await withClient(t, `sleep 5 & ${printf(DELIVERED)}`)
  t.equal(output, DELIVERED)
  t.ok(seconds < 4)
  const silent = await withClient(t, 'sleep 5 & exit 111')
  t.equal(silent.output, NO_CONNECTION)
  t.ok(silent.seconds < 4)
  const quiet = await withClient(t, `${printf(DELIVERED)}; exec >&- 2>&-; sleep 3`)
  t.equal(quiet.output, DELIVERED)
  t.ok(quiet.seconds < 2.5, 'a client whose report is whole may take its time')
})

t.test('no connection', async (t) => {
  const tcpto = new Uint8Array(1024)
  const after = async (script: string, control: Record<string, string> = {}) => {
    const files = { 'queue/lock/tcpto': Buffer.from(tcpto).toString('latin1'), ...control }
    const { output, home } = await withClient(t, script, { files })
    t.equal(output, NO_CONNECTION)
    return [...readFileSync(join(home, 'queue/lock/tcpto'))].slice(0, 5).join('.')
  }
  const NOTED = '192.0.2.1.1'
  t.equal(await after('echo "tcpclient: unable to connect to 192.0.2.1 port 25: timed out" >&2; exit 111'), NOTED)
  t.equal(await after('echo "x: Connection TIMED OUT" >&2; echo more >&2; exit 1'), NOTED)
  t.equal(await after('printf "timed " >&2; sleep .1; printf out >&2; exit 1'), NOTED, 'in two pieces')
  t.equal(await after('sleep 1.1; exit 111', { 'control/timeoutconnect': '1\n' }), NOTED)
  t.equal(await after('sleep 1.1; exit 111', { 'control/timeoutconnect': '0\n' }), '0.0.0.0.0')
  t.equal(await after('echo "x: connection refused" >&2; exit 111'), '0.0.0.0.0')
  t.equal(await after('kill -9 $$'), '0.0.0.0.0')
  t.equal(await after('exit 0'), '0.0.0.0.0')
})

t.test('programs that are not there', async (t) => {
  const output = async (line: string, files: Record<string, string> = {}) =>
    (await withClient(t, 'exit 127', { files: { 'control/ucspiclient': `${line}\n`, ...files } })).output
  t.equal(await output('no-such-client %i'), 'ZUnable to run no-such-client. (#4.3.0)\n\0')
  t.equal(await output('./control/me %i'), 'ZUnable to run ./control/me. (#4.3.0)\n\0', 'no program')
  t.equal(await output('./client'), 'ZUnable to run ./client. (#4.3.0)\n\0', 'it says so itself')
  t.equal(await output('env no-such-client'), 'ZUnable to run env. (#4.3.0)\n\0')
  t.equal(await output('/ a\xe9'), 'ZUnable to run /. (#4.3.0)\n\0')
})

/** The numbers of the open descriptors. */
const LIST = 'ls /proc/self/fd | sort -n'
const BOTH = `r\0${DELIVERED}`

t.test('what the client gets', async (t) => {
  const script = `
    printf '%s\\n' "$@" >args
    env | sort >environment
    cat >message
    ${LIST} >descriptors
    ${printf(BOTH)}`
  const before = execFileSync('sh', ['-c', LIST], { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] })
  const files = {
    'control/ucspiclient': '# comment\n\n ./client -T%t %o %k %y %n -- %i %p %h\nsecond line\n',
    'control/smtproutes': 'd.example:[2001:db8::1]:2525|joe|se|cr:et\n',
    'control/outgoingip': '192.0.2.9\n',
    'control/trustanchors': '/etc/ssl/certs/\n',
    'control/clientcert.pem': 'x',
    'control/tlsclientciphers': 'AES\nCHACHA\n',
  }
  const env = { SSLCTLFD: '3', SMTPC_TLS: 'no', SMTPC_SMTPS: '1', SMTPC_EHLO: 'x', CAFILE: '/theirs', OTHER: 'kept' }
  for (const way of WAYS) {
    const args = ['d.example', 'a b@c', 'r 1@d', '-r2']
    const { output, home } = await withClient(t, script, { files, env: { ...env, ...way }, args, message: 'hi\nyou\n' })
    t.equal(output, BOTH)
    const got = (name: string) => readFileSync(join(home, name), 'latin1')
    const words = '-T60 -y --no-verify-cert -- 2001:db8::1 2525 2001:db8::1 qmail-smtpc d.example'.split(' ')
    t.same(got('args').split('\n'), [...words, 'a b@c', 'r 1@d', '-r2', ''], 'no -i: another family')
    t.equal(got('message'), 'hi\nyou\n')
    const variables = new Map(
      got('environment')
        .split('\n')
        .map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]),
    )
    t.equal(variables.get('SMTPC_MX'), '2001:db8::1')
    t.equal(variables.get('SMTPC_USER'), 'joe')
    t.equal(variables.get('SMTPC_PASS'), 'se|cr:et')
    t.equal(variables.get('CADIR'), '/etc/ssl/certs')
    t.equal(variables.get('CERTFILE'), `${home}/control/clientcert.pem`)
    t.equal(variables.get('KEYFILE'), `${home}/control/clientcert.pem`)
    t.equal(variables.get('CIPHERS'), 'AES:CHACHA')
    t.equal(variables.get('OTHER'), 'kept')
    for (const gone of ['SSLCTLFD', 'SMTPC_TLS', 'SMTPC_SMTPS', 'SMTPC_EHLO', 'CAFILE'])
      t.notOk(variables.has(gone), gone)
    t.equal(got('descriptors'), before, 'nothing of ours')
  }
})

t.test('a whole delivery through qmail-smtpc', async (t) => {
  const tcpclient = ['/usr/bin/tcpclient', '/usr/local/bin/tcpclient'].find(existsSync)
  if (tcpclient === undefined) return t.comment('no tcpclient')
  const server = await FakeServer.start(t, [{ greeting: '421 busy\r\n' }, {}])
  for (const env of WAYS) {
    const home = makeHome(t, {
      'control/ucspiclient': `${tcpclient} -RHl0 -T%t %o %i %p\n`,
      'control/smtproutes': `:127.0.0.1:${server.port}\n`,
    })
    const busy = { output: 'ZConnected to 127.0.0.1 but greeting failed.\nRemote host said: 421 busy\n\0' }
    const accepted = { output: DELIVERED.replace('192.0.2.1', '127.0.0.1') }
    t.match(await runRemote({ home, env }), server.heard.length === 1 ? busy : accepted)
  }
})
