import { spawnSync } from 'node:child_process'
import t from 'tap'
import {
  APP,
  clientOn,
  connection,
  type Env,
  freePort,
  KEYS,
  listening,
  Peer,
  processes,
  run,
  until,
} from '../../tls/test/lib/peer.ts'

const ENV: Env = { CAFILE: `${KEYS}/ca.pem`, TLS_UID: '65534', TLS_GID: '65533' }
const gone = () => until(() => processes().length === 0)

t.setTimeout(120_000)

t.test('descriptors of any number', async (t) => {
  const [near, far] = await connection()
  const argv = ['bash', '-c', 'exec 4<&6 5>&7 6<&- 7>&-; exec tlsc -6 4 -7 5 -k mx.example "$0" "$@"']
  const steps = ['exec:', 'bash', '-c', 'echo "$SSL_PROTOCOL" >&5; read line <&4; echo "got $line"']
  const program = clientOn(far, [...argv, ...APP, ...steps], ENV)
  const peer = await Peer.server(near, 'mx.pem')
  t.equal(await peer.until(/\n/), 'TLSv1.3\n')
  peer.stream.end('x\n')
  await program.ended
  t.equal(program.stdout, 'got x\n')
  t.ok(await gone())
})

t.test('an own certificate', async (t) => {
  const [near, far] = await connection()
  const own = { CERTFILE: `${KEYS}/client.crt`, KEYFILE: `${KEYS}/client.key` }
  const program = clientOn(far, ['tlsc', '-y', '-k', 'mx.example', ...APP, 'client', 'w:in', 'eof'], { ...ENV, ...own })
  const peer = await Peer.server(near, 'mx.pem', { requestCert: true, rejectUnauthorized: false })
  t.equal(await peer.until(/in/), 'in\r\n')
  t.equal(peer.stream.getPeerCertificate().subject?.CN, 'client.example')
  peer.stream.end()
  t.equal(await program.ended, 0)
  t.match(await run(['bash', '-c', 'exec tlsc -y true 6<&0 7>&1'], ENV).ended, 100)
})

t.test('a server that goes away at once, one that says nothing, one that talks in clear', async (t) => {
  for (const [what, said] of [
    ['goes', 'connection closed'],
    ['silent', 'timed out'],
    ['clear', 'no TLS'],
  ]) {
    const [near, far] = await connection()
    const program = clientOn(far, ['tlsc', '-K500', ...APP, 'err:RUN'], ENV)
    if (what === 'goes') near.end()
    if (what === 'clear') near.write('220 mx.example ESMTP\r\n')
    t.equal(await program.ended, 97)
    t.match(program.stderr, new RegExp(`^tlsc: fatal: (unable to handshake: )?(handshake )?${said}\n$`))
    near.destroy()
  }
  t.ok(await gone())
})

const openssl = spawnSync('openssl', ['version']).status === 0

const KEYED = ['-cert', `${KEYS}/mx.pem`, '-key', `${KEYS}/mx.pem`]
const CLIENT = ['tlsc', '-k', 'mx.example', ...APP, 'client']

t.test('openssl s_server', { skip: !openssl && 'needs openssl' }, async (t) => {
  for (const version of ['-tls1_2', '-tls1_3']) {
    const port = await freePort()
    const server = run(['openssl', 's_server', '-accept', `127.0.0.1:${port}`, ...KEYED, version, '-rev'], {})
    await listening(port)
    const argv = ['tcpclient', '-RHl0', '127.0.0.1', String(port), ...CLIENT]
    const client = run([...argv, 'w:abc', 'r:cba'], ENV)
    t.equal(await client.ended, 0, client.stderr)
    server.child.kill('SIGTERM')
    await server.ended
  }
})

t.test('openssl s_server that wants to begin anew', { skip: !openssl && 'needs openssl' }, async (t) => {
  const port = await freePort()
  const words = ['s_server', '-accept', `127.0.0.1:${port}`, ...KEYED, '-tls1_2']
  const server = run(['openssl', ...words], {}, 'pipe')
  await until(() => server.stdout.includes('ACCEPT'))
  const argv = ['tcpclient', '-RHl0', '127.0.0.1', String(port), ...CLIENT]
  const client = run([...argv, 'eof'], ENV)
  await until(() => server.stdout.includes('CIPHER is'))
  server.child.stdin?.write('r\n')
  t.equal(await client.ended, 0)
  t.equal(client.stderr, 'tlsc: fatal: TLS error: no renegotiation\n')
  server.child.kill('SIGTERM')
  await server.ended
  t.ok(await gone())
})

t.test('TLS or the program killed: nothing is left', async (t) => {
  for (const victim of ['tls-io', 'app.py']) {
    const [near, far] = await connection()
    const program = clientOn(far, ['tlsc', '-k', 'mx.example', ...APP, 'client', 'w:in', 'echo'], ENV)
    const peer = await Peer.server(near, 'mx.pem')
    await peer.until(/in/)
    for (const [pid] of processes(victim)) process.kill(pid, 'SIGKILL')
    await peer.over()
    t.equal(await program.ended, victim === 'tls-io' ? 0 : 'SIGKILL')
    peer.stream.destroy()
    t.ok(await gone(), victim)
  }
})
