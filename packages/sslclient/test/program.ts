import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { APP, type Env, KEYS, line, Peer, pem, portOf, processes, run, until } from '../../tls/test/lib/peer.ts'

const ENV: Env = { CAFILE: `${KEYS}/ca.pem`, SSL_UID: '65534', SSL_GID: '65533' }
const gone = () => until(() => processes().length === 0)

t.setTimeout(120_000)

/** A listener, and the connections that come. */
class Host {
  readonly #server: Server
  readonly #came: Socket[] = []

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      socket.on('error', () => undefined)
      this.#came.push(socket)
    })
  }

  static async start(address = '127.0.0.1'): Promise<Host> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    await new Promise<void>((done) => server.listen(0, address, done))
    t.teardown(() => server.close())
    return new Host(server)
  }

  get port(): string {
    return String(portOf(this.#server))
  }

  async connection(): Promise<Socket> {
    await until(() => this.#came.length > 0)
    const socket = this.#came.shift()
    if (socket === undefined) throw new Error('nobody has come')
    return socket
  }
}

const CLIENT = [...APP, 'client']

t.test('at once', async (t) => {
  for (const exec of ['', 'always']) {
    const env = { ...ENV, MOREQMAIL_EXEC: exec, UCSPITLS: '!', SSLCTLFD: '9', SSL_CLIENT_VERIFY: 'stale' }
    const host = await Host.start()
    const steps = [
      'kind:6',
      'kind:7',
      'env:PROTO',
      'env:SSL_PROTOCOL',
      'env:UCSPITLS',
      'env:SSL_CLIENT_VERIFY',
      'env:SSLCTLFD',
      'r:x',
      'exit:4',
    ]
    const program = run(['sslclient', '-vNRHl0', '127.0.0.1', host.port, ...CLIENT, ...steps], env)
    const peer = await Peer.server(await host.connection(), 'mx.pem', { allowHalfOpen: true } as object)
    await peer.until(/SSLCTLFD/)
    t.equal(
      peer.text,
      '6 pipe\r\n7 pipe\r\nPROTO=TCP\r\nSSL_PROTOCOL=TLSv1.3\r\nUCSPITLS unset\r\nSSL_CLIENT_VERIFY unset\r\nSSLCTLFD unset\r\n',
    )
    peer.stream.end('x\r\n')
    t.equal(await program.ended, 4)
    t.equal(program.stderr, `sslclient: connected to 127.0.0.1 port ${host.port}\nsslclient: tls connect\n`)
    t.ok(await gone())
  }
})

t.test('a program that is killed, or can not be run', async (t) => {
  const host = await Host.start()
  const killed = run(['sslclient', '-NRHl0', '127.0.0.1', host.port, ...CLIENT, 'kill:9'], ENV)
  const peer = await Peer.server(await host.connection(), 'mx.pem')
  await peer.over()
  peer.stream.end()
  t.equal(await killed.ended, 111)
  for (const how of ['-Y', '-y']) {
    const missing = run(['sslclient', how, '-NRHl0', '127.0.0.1', host.port, '/x/y'], ENV)
    const socket = await host.connection()
    if (how === '-Y') await Peer.server(socket, 'mx.pem')
    t.equal(await missing.ended, 111)
    t.equal(missing.stderr, 'sslclient: fatal: unable to run /x/y: file does not exist\n')
    socket.destroy()
  }
  t.ok(await gone())
})

t.test('a user that is no number', async (t) => {
  const program = run(['sslclient', '127.0.0.1', '1', 'true'], { ...ENV, SSL_GID: 'x' })
  t.equal(await program.ended, 100)
  t.equal(program.stderr, 'sslclient: fatal: invalid SSL_GID\n')
})

t.test('an error in the stream', async (t) => {
  const host = await Host.start()
  const program = run(['sslclient', '-NRHl0', '127.0.0.1', host.port, ...CLIENT, 'w:hi', 'eof', 'exit:3'], ENV)
  const socket = await host.connection()
  const peer = await Peer.server(socket, 'mx.pem')
  await peer.until(/hi/)
  socket.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32)]))
  t.equal(await program.ended, 3, "still the program's code")
  t.equal(program.stderr, 'sslclient: fatal: TLS error: decryption failed or bad record mac\n')
  t.ok(await gone())
})

t.test('when the program asks for it', async (t) => {
  for (const exec of ['', 'always']) {
    const env = { ...ENV, MOREQMAIL_EXEC: exec, SSL_PROTOCOL: 'stale' }
    const host = await Host.start()
    const steps = ['env:SSL_PROTOCOL', 'w:STARTTLS', 'r:220', 'Y', 'switch', 'w:in', 'r:x', 'exit:4']
    const program = run(['sslclient', '-yvNRHl0', '127.0.0.1', host.port, ...CLIENT, ...steps], env)
    const socket = await host.connection()
    t.equal(await line(socket), 'SSL_PROTOCOL unset\r\n')
    t.equal(await line(socket), 'STARTTLS\r\n')
    socket.write('220\r\n')
    const peer = await Peer.server(socket, 'mx.pem')
    await peer.until(/in/)
    peer.stream.end('x\r\n')
    t.equal(await program.ended, 4)
    t.match(
      program.stderr,
      /connected to .*\nsslclient: info: pid \d+ accepted opportunistic TLS\nsslclient: tls connect\n$/,
    )
    t.ok(await gone())
  }
})

t.test('a program that does not ask', async (t) => {
  const host = await Host.start()
  for (const [steps, code, said] of [
    [['w:hi', 'exit:6'], 6, ''],
    [['closectl', 'w:hi', 'exit:7'], 7, ''],
    [['c:x', 'sleep:0.2', 'exit:8'], 8, 'sslclient: fatal: unrecognized command on control socket\n'],
  ] as const) {
    const program = run(['sslclient', '-yNRHl0', '127.0.0.1', host.port, ...CLIENT, ...steps], ENV)
    const socket = await host.connection()
    t.equal(await program.ended, code)
    t.equal(program.stderr, said)
    socket.destroy()
  }
  t.ok(await gone())
})

t.test('sslclient killed: the rest ends too', async (t) => {
  for (const how of ['-y', '-Y']) {
    const host = await Host.start()
    const program = run(['sslclient', how, '-NRHl0', '127.0.0.1', host.port, ...CLIENT, 'w:hi', 'eof'], ENV)
    const socket = await host.connection()
    if (how === '-Y') await (await Peer.server(socket, 'mx.pem')).until(/hi/)
    else await line(socket)
    program.child.kill('SIGKILL')
    socket.destroy()
    t.ok(await gone(), how)
  }
})

t.test('a server that says nothing', async (t) => {
  const host = await Host.start()
  const program = run(['sslclient', '-T1', '-RHl0', '127.0.0.1', host.port, ...CLIENT, 'err:RUN'], ENV)
  const socket = await host.connection()
  t.equal(await program.ended, 111)
  t.equal(program.stderr, 'sslclient: fatal: unable to TLS connect: timed out\n')
  socket.destroy()
})

t.test('an own certificate whose key has a password', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sslclient-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const format = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret words' } as const
  writeFileSync(join(dir, 'key'), createPrivateKey(pem('client.key')).export(format))
  writeFileSync(join(dir, 'password'), 'secret words\n')
  const host = await Host.start()
  const own = ['-c', `${KEYS}/client.crt`, '-k', join(dir, 'key')]
  const rest = ['-NRHl0', '127.0.0.1', host.port, ...CLIENT, 'open', 'w:in', 'eof']
  const options = { requestCert: true, rejectUnauthorized: false }
  for (const argv of [
    ['sslclient', ...own, '-K', join(dir, 'password'), ...rest],
    ['bash', '-c', `exec sslclient "$0" "$@" 3< <(printf 'secret words')`, ...own, '-3', ...rest],
  ]) {
    const program = run(argv, ENV)
    const peer = await Peer.server(await host.connection(), 'mx.pem', options)
    await peer.until(/in/)
    t.match(peer.text, /^6 7( \d{2,3})*\r\nin\r\n$/, '3 is closed')
    t.equal(peer.stream.getPeerCertificate().subject?.CN, 'client.example')
    peer.stream.end()
    t.equal(await program.ended, 0)
  }
  t.ok(await gone())
})

t.test('who is killed takes nobody along, and leaves nothing', async (t) => {
  for (const exec of ['', 'always'])
    for (const how of ['-y', '-Y'])
      for (const victim of ['app.py', 'tls-io']) {
        const host = await Host.start('::1')
        const steps = [...(how === '-y' ? ['w:STARTTLS', 'r:220', 'Y', 'switch'] : []), 'w:in', 'echo', 'exit:5']
        const argv = ['sslclient', how, '-NRHl0', '[::1]', host.port, ...CLIENT, ...steps]
        const program = run(argv, { ...ENV, MOREQMAIL_EXEC: exec })
        const socket = await host.connection()
        if (how === '-y') {
          await line(socket)
          socket.write('220\r\n')
        }
        const peer = await Peer.server(socket, 'mx.pem')
        await peer.until(/in/)
        const victims = processes(victim).filter(([pid]) => pid !== program.child.pid)
        t.equal(victims.length, 1)
        for (const [pid] of victims) process.kill(pid, 'SIGKILL')
        await peer.over()
        peer.stream.destroy()
        t.equal(await program.ended, victim === 'app.py' ? 111 : 5, `${how} ${victim}`)
        t.ok(await gone(), `${how} ${victim}`)
      }
})

t.test('a server that does no TLS, or leaves', async (t) => {
  for (const address of ['127.0.0.1', '::1'])
    for (const [text, how, reason] of [
      ['220 mx.example ESMTP\r\n', 'none', 'no TLS'],
      ['', 'end', 'connection closed'],
      ['', 'reset', 'connection (?:closed|reset)'],
      ['\x16\x03\x03\0\x20', 'end', '[ -~]+'],
      ['\x16\x03\x03\0\x20', 'reset', '[ -~]+'],
      ['\x15\x03\x03\0\x02\x02\x28', 'none', 'sslv3 alert handshake failure'],
    ] as const) {
      const host = await Host.start(address)
      const program = run(['sslclient', '-RHl0', address, host.port, ...CLIENT, 'err:RUN'], ENV)
      const socket = await host.connection()
      await new Promise((done) => socket.once('data', done).resume())
      socket.write(Buffer.from(text, 'latin1'))
      if (how === 'end') socket.end()
      if (how === 'reset') socket.resetAndDestroy()
      t.equal(await program.ended, 111)
      t.match(program.stderr, new RegExp(`^sslclient: fatal: unable to TLS connect: ${reason}\n$`))
      socket.destroy()
    }
  t.ok(await gone())
})

t.test('descriptors or processes are short', async (t) => {
  const host = await Host.start()
  const words = ['sslclient', '-yNRHl0', '127.0.0.1', host.port, 'true']
  const few = run(['bash', '-c', 'ulimit -n 12; exec "$@"', 'x', ...words], ENV)
  t.equal(await few.ended, 111)
  t.equal(few.stderr, 'sslclient: fatal: unable to create pipes: too many open files\n')
  t.ok(await gone())
})

t.test('whatever was on 6 and 7 is closed', async (t) => {
  const host = await Host.start()
  const script =
    '( exec 7>&1; exec sslclient -yRHl0 127.0.0.1 "$0" sh -c "exec >&-; sleep 2" >/dev/null ) | (cat; echo eof)'
  const all = run(['bash', '-c', script, host.port], ENV)
  t.ok(await until(() => all.stdout.includes('eof'), 1.5))
  await all.ended
  t.ok(await gone())
})
