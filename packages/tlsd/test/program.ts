import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import {
  APP,
  BIN,
  connection,
  type Env,
  freePort,
  KEYS,
  listening,
  Peer,
  processes,
  run,
  serverOn,
  until,
} from '../../tls/test/lib/peer.ts'

const ENV: Env = { CERTFILE: `${KEYS}/rsa.pem`, TLS_UID: '65534', TLS_GID: '65533' }
const gone = () => until(() => processes().length === 0)

t.setTimeout(120_000)

async function start(words: readonly string[], env: Env = ENV) {
  const [near, far] = await connection()
  return { near, program: serverOn(far, ['tlsd', ...words], env) }
}

t.test('the program gets pipes, variables and nothing else', async (t) => {
  const env = { ...ENV, SSL_CLIENT_VERIFY: 'SUCCESS', SSL_SERVER_S_DN: 'stale', KEPT: '1' }
  const steps = [
    'open',
    'env:SSL_CLIENT_VERIFY',
    'env:SSL_SERVER_S_DN',
    'env:KEPT',
    'env:CERTFILE',
    'env:TLS_UID',
    'sig',
    'exit:3',
  ]
  const { near, program } = await start([...APP, ...steps], env)
  const peer = await Peer.client(near)
  await peer.over()
  const [open = '', ...rest] = peer.text.split('\r\n')
  t.notMatch(open, /\b[1-9]?[0-9]\b/, 'whatever is open from 100 on was so before')
  t.same(rest, [
    'SSL_CLIENT_VERIFY=NONE',
    'SSL_SERVER_S_DN unset',
    'KEPT=1',
    'CERTFILE unset',
    'TLS_UID unset',
    '0 0',
    '',
  ])
  peer.stream.end()
  t.equal(await program.ended, 3)
  t.ok(await gone())
})

t.test('-Z keeps the variables', async (t) => {
  const { near, program } = await start(['-Z', ...APP, 'env:TLS_UID'])
  const peer = await Peer.client(near)
  t.equal(await peer.until(/\n/), 'TLS_UID=65534\r\n')
  peer.stream.end()
  t.equal(await program.ended, 0)
})

t.test('codes of a process that has not come to a session', async (t) => {
  const { near, program } = await start(['-K', '200', ...APP, 'err:RUN'])
  t.equal(await program.ended, 97)
  near.destroy()
  const killed = await start([...APP, 'err:RUN'])
  t.ok(await until(() => processes('tls-io').length === 1))
  await delay(200)
  for (const [pid] of processes('tls-io')) process.kill(pid, 'SIGKILL')
  t.equal(await killed.program.ended, 137)
  const missing = await start(['/x/y'])
  const peer = await Peer.client(missing.near)
  await peer.over()
  t.equal(await missing.program.ended, 111)
  t.match(missing.program.stderr, /fatal: unable to run \/x\/y: file does not exist\n$/)
  t.ok(await gone())
})

t.test('tlsd killed while it waits: TLS ends too', async (t) => {
  const { near, program } = await start([...APP, 'err:RUN'])
  t.ok(await until(() => processes('tls-io').length === 1))
  program.child.kill('SIGKILL')
  t.equal(await program.ended, 'SIGKILL')
  t.ok(await gone())
  near.destroy()
})

const openssl = spawnSync('openssl', ['version']).status === 0

t.test('two pipes are a connection too', async (t) => {
  const script = `
    mkfifo in out
    (cat <in | ${BIN}/tlsd sh -c 'read line; echo "got $line"' | cat >out) &
    python3 - <<'END'
import ssl
i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = c.wrap_bio(i, o)
w, r = open('in', 'wb', 0), open('out', 'rb', 0)
def do(f):
    while True:
        try:
            return f()
        except ssl.SSLWantReadError:
            w.write(o.read()); i.write(r.read(65536))
        finally:
            w.write(o.read())
do(s.do_handshake); do(lambda: s.write(b'hello\\n')); print(do(lambda: s.read(100)).decode(), end='')
try:
    print(repr(do(lambda: s.read(100))))
except ssl.SSLZeroReturnError:
    print('close_notify')
w.close(); print('rest', len(r.read()))
END
    wait`
  const all = run(['bash', '-c', `d=$(mktemp -d); cd $d; ${script}; rm -r $d`], ENV)
  await all.ended
  t.match(all.stdout, /^got hello\n(b''|close_notify)\nrest 0\n$/)
  t.ok(await gone())
})

t.test('openssl s_client', { skip: !openssl && 'needs openssl' }, async (t) => {
  const port = await freePort()
  const server = run(['tcpserver', '-RHl0', '127.0.0.1', String(port), 'tlsd', ...APP, 'w:hello', 'echo'], ENV)
  await listening(port)
  for (const version of ['-tls1_2', '-tls1_3']) {
    const words = ['-CAfile', `${KEYS}/ca.pem`, '-verify_return_error', '-quiet', '-no_ign_eof', version]
    const name = ['-servername', 'mx.example', '-verify_hostname', 'mx.example']
    const client = run(['openssl', 's_client', ...words, ...name, '-connect', `127.0.0.1:${port}`], {}, 'pipe')
    await until(() => client.stdout.includes('hello'))
    client.child.stdin?.write('one\n')
    await until(() => client.stdout.includes('one'))
    client.child.stdin?.end()
    t.equal(await client.ended, 0)
    t.equal(client.stdout, 'hello\r\none\r\n', version)
  }
  server.child.kill('SIGTERM')
  await server.ended
  t.ok(await gone())
})

t.test('TLS or the program killed: nothing is left', async (t) => {
  for (const victim of ['tls-io', 'app.py']) {
    const { near, program } = await start([...APP, 'w:in', 'echo'])
    const peer = await Peer.client(near)
    await peer.until(/in/)
    for (const [pid] of processes(victim)) process.kill(pid, 'SIGKILL')
    await peer.over()
    t.equal(await program.ended, victim === 'tls-io' ? 0 : 'SIGKILL')
    peer.stream.destroy()
    t.ok(await gone(), victim)
  }
})

t.test('descriptors are short', async (t) => {
  for (const limit of [11, 12, 13]) {
    const program = run(['bash', '-c', `ulimit -n ${limit}; exec tlsd true`], ENV)
    t.equal(await program.ended, 111)
    t.match(program.stderr, /^tlsd: fatal: unable to (?:create pipes|start TLS): too many open files\n$/)
  }
  t.ok(await gone())
})
