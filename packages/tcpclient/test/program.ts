import { createServer, type Server } from 'node:net'
import t from 'tap'
import { NameServer } from '../../../test/lib/name-server.ts'
import { APP, KEYS, portOf, processes, run, until } from '../../tls/test/lib/peer.ts'

t.setTimeout(60_000)

async function listen(host: string, port = 0): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('hello\r\n'))
  await new Promise<void>((done) => server.listen(port, host, done))
  t.teardown(() => server.close())
  return server
}

async function ended(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const began = Date.now()
  const program = run(words, env)
  return [await program.ended, program.stderr, program.stdout, (Date.now() - began) / 1000] as const
}

t.test('whatever was on 6 and 7 is closed', async (t) => {
  const port = String(portOf(await listen('127.0.0.1')))
  for (const exec of ['', 'always']) {
    const script = 'exec 5<&0 6<&0 7>&1; exec tcpclient -RHl0 127.0.0.1 "$0" "$@"'
    const steps = ['client', 'r:hello', 'eof', 'kind:6', 'kind:5']
    const [code] = await ended(['bash', '-c', script, port, ...APP, ...steps], { MOREQMAIL_EXEC: exec })
    t.equal(code, 0)
  }
})

/** A port where connecting takes for ever: its backlog is full. */
const SILENT = `import socket, sys, time
s = socket.socket(); s.bind(('', 0)); s.listen(0); p = ('127.0.0.1', s.getsockname()[1])
k = [socket.socket() for i in range(3)]
for c in k: c.setblocking(False); c.connect_ex(p)
print(p[1], flush=True); sys.stdin.read()`

t.test('time limits', async (t) => {
  const silent = run(['python3', '-c', SILENT], {}, 'pipe')
  await until(() => silent.stdout !== '')
  const port = silent.stdout.trim()
  const text = (name: string) => `${name}: unable to connect to 127.0.0.1 port ${port}: timed out\n`
  for (const [words, name, least] of [
    [['tcpclient', '-T1'], 'tcpclient', 1],
    [['tcpclient', '-T1+1'], 'tcpclient', 2],
    [['tcpclient', '-T0+1'], 'tcpclient', 1],
    [['s6-tcpclient', '-t1'], 's6-tcpclient', 1],
    [['s6-tcpclient', '-t1', '-T0+5'], 's6-tcpclient', 1],
    [['tcpclient', '-q', '-T1'], '', 1],
  ] as const) {
    const [code, said, , seconds] = await ended([...words, '-RHl0', '127.0.0.1', port, 'true'])
    t.equal(code, 111)
    t.equal(said, name === '' ? '' : text(name))
    t.ok(seconds >= least && seconds < least + 0.9, `${words.join(' ')}: ${seconds}`)
  }
  const dns = await NameServer.start({ 'two.example': { A: ['127.0.0.1', '127.0.0.2'] } })
  for (const [option, least] of [
    ['-T0+1', 2],
    ['-T1', 2],
  ] as const) {
    const argv = ['tcpclient', option, '-RHl0', 'two.example', port, 'true']
    const [code, said, , seconds] = await ended(argv, { DNSCACHEIP: `127.0.0.1:${dns.port}` })
    t.equal(code, 111)
    t.equal(said, text('tcpclient') + text('tcpclient').replace('0.1', '0.2'))
    t.ok(seconds >= least && seconds < least + 0.9, `${option}: ${seconds}`)
  }
  dns.close()
  silent.child.stdin?.end()
  await silent.ended
})

t.test('our address and port', async (t) => {
  const port = String(portOf(await listen('127.0.0.1')))
  const steps = ['client', 'exec:', 'sh', '-c', 'echo $TCPLOCALIP $TCPLOCALPORT']
  const [code, , out] = await ended([
    'tcpclient',
    '-RHl0',
    '-i',
    '127.0.0.9',
    '-p',
    '40123',
    '0',
    port,
    ...APP,
    ...steps,
  ])
  t.equal(code, 0)
  t.equal(out, '127.0.0.9 40123\n')
  t.match(await ended(['tcpclient', '-RHl0', '-i', '::1', '127.0.0.1', port, 'true']), [
    111,
    'tcpclient: fatal: no IP address for 127.0.0.1\n',
  ])
  t.match(await ended(['tcpclient', '-RHl0', '-i', '192.0.2.1', '127.0.0.1', port, 'true']), [
    111,
    'tcpclient: fatal: unable to bind socket: address not available\n',
  ])
})

t.test('what can be wrong', async (t) => {
  const usage = /^tcpclient: usage: tcpclient /
  t.match(await ended(['tcpclient', '-T', 'x', '0', '25', 'true']), [100, usage])
  t.match(await ended(['tcpclient', '-i', 'x', '0', '25', 'true']), [100, usage])
  t.match(await ended(['tcpclient', '-n', '0', '25', 'true']), [
    100,
    /^tcpclient: illegal option -- n\ntcpclient: usage: /,
  ])
  t.match(await ended(['s6-tcpclient', '-nN', '300.1.1.1', '25', 'true']), [111, /^s6-tcpclient: fatal: no IP address/])
  t.match(await ended(['s6-tcpclient', '0', '25']), [100, /^s6-tcpclient: usage: s6-tcpclient /])
  t.match(await ended(['tcpclient', '300.1.1.1', '25', 'true']), [
    111,
    'tcpclient: fatal: no IP address for 300.1.1.1\n',
  ])
  t.match(await ended(['tcpclient', '0', '65536', 'true']), [
    111,
    'tcpclient: fatal: unable to figure out port number for 65536\n',
  ])
  const nobody = { DNSCACHEIP: '127.0.0.1:9' }
  t.match(await ended(['tcpclient', 'mx.example', '25', 'true'], nobody), [
    111,
    /^tcpclient: fatal: temporarily unable to figure out IP address for mx\.example: /,
  ])
  t.ok(await until(() => processes().length === 0), KEYS)
})
