import { createPrivateKey } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { cdb } from '../../../test/lib/cdb.ts'
import { NameServer } from '../../../test/lib/name-server.ts'
import {
  APP,
  type Env,
  freePort,
  KEYS,
  line,
  listening,
  Peer,
  pem,
  processes,
  run,
  until,
} from '../../tls/test/lib/peer.ts'
import { DELAYED, ENV, gone, Server } from './lib/server.ts'

t.setTimeout(300_000)

for (const exec of ['', 'always'])
  t.test(`images: ${exec || 'as few as possible'}`, async (t) => {
    const env = { ...ENV, MOREQMAIL_EXEC: exec }

    await t.test('TERM: who is connected can still start TLS', async (t) => {
      const server = await Server.start(['-n'], [...DELAYED, 'w:in', 'echo'], { env })
      const near = await server.connect()
      await line(near)
      server.run.child.kill('SIGTERM')
      await until(() => server.run.child.exitCode !== null)
      near.write('STARTTLS\r\n')
      await line(near)
      const peer = await Peer.client(near)
      t.equal(await peer.until(/in/), 'in\r\n')
      peer.stream.end()
      t.equal(await server.run.ended, 0)
      t.ok(await gone())
    })

    await t.test('a connection counts until TLS is over', async (t) => {
      const server = await Server.start(['-n', '-c1'], [...DELAYED, 'w:in'], { env })
      const peer = await Peer.client(await server.starttls())
      await peer.over()
      const second = await server.connect()
      await delay(300)
      t.notMatch(server.run.stderr, /end \d+ status/, 'the program has ended, the last bytes are on their way')
      peer.stream.end()
      t.equal(await line(second), 'hi\r\n')
      t.match(server.run.stderr, /end \d+ status 0\nsslserver: status: 0\/1\nsslserver: status: 1\/1\n/)
      second.destroy()
      await server.stop(t)
    })

    await t.test('what is said about a session', async (t) => {
      const server = await Server.start(['-n', '-V'], [...DELAYED, 'w:in'], { env })
      const peer = await Peer.client(await server.starttls())
      peer.stream.end()
      const said = await server.said(/status: 0\/40\n$/)
      const pid = /pid (\d+) from/.exec(said)?.[1] ?? ''
      t.equal(
        said
          .replaceAll(pid, 'PID')
          .replaceAll(/:\d+\n/g, ':PORT\n')
          .replaceAll(`:${server.port} `, ':PORT '),
        `sslserver: status: 1/40
sslserver: pid PID from 127.0.0.1
sslserver: ok PID 0:127.0.0.1:PORT :127.0.0.1::PORT
sslserver: info: pid PID accepted opportunistic TLS
sslserver: tls PID accept TLSv1.3 TLS_AES_256_GCM_SHA384
sslserver: end PID status 0
sslserver: status: 0/40
`,
      )
      await server.stop(t)
    })

    await t.test('clients that leave at every step, programs and TLS that are killed: nothing is left', async (t) => {
      for (const words of [['-n'], ['-N']]) {
        const delayed = words[0] === '-n'
        const server = await Server.start(words, delayed ? [...DELAYED, 'w:in', 'echo'] : ['w:in', 'echo'], { env })
        const before = server.open
        for (const step of ['connected', 'asked', 'session', 'tls', 'program']) {
          const near = await (delayed && step !== 'connected' ? server.starttls() : server.connect())
          if (step === 'asked' && !delayed) near.write('\x16\x03\x01')
          if (step === 'connected' || step === 'asked') near.resetAndDestroy()
          else {
            const peer = await Peer.client(near)
            await peer.until(/in/)
            const [victims] = [processes(step === 'tls' ? 'tls-io' : 'app.py')]
            const [pid = 0] = victims.find(([pid]) => pid !== server.pid) ?? []
            if (step !== 'session') process.kill(pid, 'SIGKILL')
            if (step !== 'session') await peer.over()
            peer.stream.destroy()
          }
          t.ok(await until(() => processes().length === 1), `${words} ${step}: ${JSON.stringify(processes())}`)
          t.ok(await until(() => server.open === before), `${words} ${step}: ${server.open} of ${before}`)
        }
        await server.stop(t)
      }
    })
  })

t.test('variables', async (t) => {
  const names = ['PROTO', 'SSLREMOTEIP', 'SSLREMOTEINFO', 'TCPREMOTEIP', 'SSL_PROTOCOL', 'SSL_SERVER_S_DN', 'SSLCTLFD']
  const steps = [...names, 'UCSPITLS', 'CERTFILE'].map((name) => `env:${name}`)
  const env = {
    ...ENV,
    SSL_PROTOCOL: 'stale',
    SSL_SERVER_S_DN: 'stale',
    TCPREMOTEIP: 'stale',
    UCSPITLS: '',
    SSLCTLFD: '9',
  }
  const seen = async (words: readonly string[]) => {
    const server = await Server.start(words, steps, { env })
    const near = await server.connect()
    let text = ''
    if (words.includes('-n')) {
      near.on('data', (data) => {
        text += data
      })
      await until(() => text.includes('CERTFILE'))
      near.destroy()
    } else {
      const peer = await Peer.client(near)
      text = await peer.until(/CERTFILE/)
      peer.stream.destroy()
    }
    await server.stop(t)
    return text.split('\r\n')
  }
  const rest = 'SSLREMOTEINFO unset'
  t.match(await seen(['-n']), [
    'PROTO=TCP',
    'SSLREMOTEIP=127.0.0.1',
    rest,
    'TCPREMOTEIP=127.0.0.1',
    'SSL_PROTOCOL unset',
    'SSL_SERVER_S_DN unset',
    'SSLCTLFD=10',
    'UCSPITLS=',
    `CERTFILE=${KEYS}/rsa.pem`,
  ])
  t.match(await seen(['-E']), [
    'PROTO=SSL',
    'SSLREMOTEIP=127.0.0.1',
    rest,
    'TCPREMOTEIP unset',
    'SSL_PROTOCOL=TLSv1.3',
    'SSL_SERVER_S_DN unset',
    'SSLCTLFD unset',
    'UCSPITLS unset',
    `CERTFILE=${KEYS}/rsa.pem`,
  ])
  t.match(await seen(['-s']), [
    'PROTO=TCP',
    'SSLREMOTEIP=127.0.0.1',
    rest,
    'TCPREMOTEIP=127.0.0.1',
    'SSL_PROTOCOL=TLSv1.3',
    'SSL_SERVER_S_DN=/O=Test keys only/CN=mx.example',
  ])
})

t.test('a certificate that changes, and one that breaks, while it runs', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sslserver-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'cert')
  copyFileSync(`${KEYS}/rsa.pem`, path)
  const server = await Server.start([], ['w:in', 'echo'], { env: { ...ENV, CERTFILE: path } })
  const shown = async () => {
    const peer = await Peer.client(await server.connect())
    const certificate = peer.stream.getPeerCertificate()
    peer.stream.destroy()
    return certificate?.subject?.CN
  }
  t.equal(await shown(), 'mx.example')
  copyFileSync(`${KEYS}/other.pem`, path)
  t.equal(await shown(), 'other.example')
  writeFileSync(path, 'broken')
  t.equal(await shown(), undefined)
  const dropped =
    /warning: dropping connection, unable to accept TLS from: 127\.0\.0\.1 for pid: \d+ unable to load certificate/
  t.match(await server.said(dropped), dropped)
  copyFileSync(`${KEYS}/rsa.pem`, path)
  t.equal(await shown(), 'mx.example')
  await server.stop(t)
})

t.test('a key with a password', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sslserver-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const format = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret words' } as const
  writeFileSync(join(dir, 'key'), createPrivateKey(pem('mx.key')).export(format))
  const env = { ...ENV, CERTFILE: `${KEYS}/mx.crt`, KEYFILE: join(dir, 'key') }
  const start = (password: string, port: number) => {
    const words = `-3 -vRHl0 127.0.0.1 ${port}`
    const script = `exec sslserver ${words} "$0" "$@" 3< <(printf '${password}')`
    return run(['bash', '-c', script, ...APP, 'w:in', 'kind:3', 'echo'], env)
  }
  const wrong = start('wrong', 0)
  t.equal(await wrong.ended, 111)
  t.match(wrong.stderr, /^sslserver: fatal: unable to load key .*: bad decrypt\n$/)
  const port = await freePort()
  const server = start('secret words\\0', port)
  await listening(port)
  for (let i = 0; i < 2; i++) {
    const near = connect(port, '127.0.0.1')
    const peer = await Peer.client(near)
    t.equal(await peer.until(/3 \w+\r\n/), 'in\r\n3 closed\r\n')
    peer.stream.end()
  }
  server.child.kill('SIGTERM')
  await server.ended
  t.ok(await gone())
})

t.test('client certificates, and whom they must be for', async (t) => {
  const env = { ...ENV, CAFILE: `${KEYS}/ca.pem` }
  const server = await Server.start(['-z'], ['w:in'], { env })
  const own = { key: pem('client.pem'), cert: pem('client.pem') }
  const peer = await Peer.client(await server.connect(), own)
  await peer.over()
  t.equal(peer.text, '', 'nobody knows the name of this host')
  const name = /client name does not match certificate/
  t.match(await server.said(name), name)
  peer.stream.destroy()
  await server.stop(t)
})

t.test('the name of the client, from the DNS', async (t) => {
  const dns = await NameServer.start({ '1.0.0.127.in-addr.arpa': { PTR: ['client.example'] } })
  const env = { ...ENV, CAFILE: `${KEYS}/ca.pem`, DNSCACHEIP: `127.0.0.1:${dns.port}` }
  const own = (name: string) => ({ key: pem(name), cert: pem(name) })
  for (const mode of ['-n', '-N']) {
    const server = await Server.start([mode, '-zh'], [...(mode === '-n' ? DELAYED : []), 'w:in'], { env })
    const begin = () => (mode === '-n' ? server.starttls() : server.connect())
    const good = await Peer.client(await begin(), own('client.pem'))
    t.equal(await good.until(/in/), 'in\r\n')
    good.stream.end()
    const bad = await Peer.client(await begin(), own('local.pem'))
    await bad.over()
    t.equal(bad.text, '')
    const reason =
      /unable to accept TLS from: 127\.0\.0\.1 for pid: \d+ client name does not match certificate: client\.example\n/
    t.match(await server.said(reason), reason)
    bad.stream.destroy()
    await server.stop(t)
  }
  dns.close()
})

t.test('rules before anything is looked up, and behind', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sslserver-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const rules = (...pairs: ReadonlyArray<readonly [string, string]>) =>
    cdb(pairs.map(([key, value]) => [Buffer.from(key), Buffer.from(value)]))
  const path = join(dir, 'cdb')
  const steps = ['env:A', 'env:B', 'env:SSLLOCALPORT']
  const seen = async (first: Buffer, second: Buffer): Promise<string> => {
    writeFileSync(`${path}1`, first)
    writeFileSync(`${path}2`, second)
    const server = await Server.start(['-n', '-y', `${path}1`, '-x', `${path}2`], steps)
    const near = await server.connect()
    let text = ''
    near.on('data', (data) => {
      text += data
    })
    await server.said(/ status: 0\/40\n$/)
    const [verdict] = /(?:ok|deny)(?= \d+ 0:)|unable to read/.exec(server.run.stderr) ?? []
    near.destroy()
    await server.stop(t)
    return `${verdict} ${text.replaceAll('\r\n', ' ')}`.replace(String(server.port), 'PORT').trim()
  }
  const allow = rules(['', ''])
  t.equal(
    await seen(rules(['127.', '+A=first\0+B=first\0']), rules(['127.', '+B=x\0'])),
    'ok A=first B=x SSLLOCALPORT=PORT',
  )
  t.equal(await seen(rules(['127.0.0.0/8', 'D\0']), allow), 'deny')
  t.equal(await seen(allow, rules(['127.0.0.0/8', 'D\0'])), 'deny')
  t.equal(await seen(allow, rules(['', '+SSLLOCALPORT=9\0'])), 'ok A unset B unset SSLLOCALPORT=9', 'a rule wins')
  t.equal(await seen(Buffer.from('broken'), allow), 'unable to read')
})

t.test('as whom TLS and the program run', { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  const { CERTFILE = '' } = ENV
  for (const [words, env, prog, tls] of [
    [['-u', '54321', '-g', '54322'], {}, '54321 54322 54322', '54321 54322 54322'],
    [['-u', '54321', '-g', '54322'], { SSL_UID: '54323', SSL_GID: '54324' }, '54321 54322 54322', '54323 54324 54324'],
    [[], { TLS_UID: '54323', TLS_GID: '54324' }, '0 0 ', '54323 54324 54324'],
    [['-U'], { UID: '54321', GID: '54322', SSL_UID: '0' }, '54321 54322 54322', '54321 54322 54322'],
    [['-U'], { UID: '54321', GID: '54322', SSL_UID: '9', TLS_UID: '8' }, '54321 54322 54322', '9 54322 54322'],
  ] as const) {
    const server = await Server.start(words, ['ids', 'echo'], { env: { CERTFILE, ...env } })
    const peer = await Peer.client(await server.connect())
    t.match(await peer.until(/\n/), new RegExp(`^${prog}`), JSON.stringify([words, env]))
    const [pid] = processes('tls-io')[0] ?? []
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const numbers = ['Uid', 'Gid', 'Groups'].map((name) => new RegExp(`^${name}:\\s+(\\d*)`, 'm').exec(status)?.[1])
    t.equal(numbers.join(' '), tls)
    peer.stream.end()
    await server.stop(t)
  }
})

t.test('nothing for too long, and a handshake that takes too long', async (t) => {
  const server = await Server.start(['-w1', '-T1'], ['w:in', 'eof', 'err:finished'])
  const peer = await Peer.client(await server.connect())
  t.equal(await peer.until(/in/), 'in\r\n')
  await server.said(/finished/)
  t.match(server.run.stderr, /sslserver: fatal: timed out\n/)
  peer.stream.destroy()
  const silent = await server.connect()
  const late = /unable to accept TLS from: 127\.0\.0\.1 for pid: \d+ timed out\n/
  t.match(await server.said(late), late)
  silent.destroy()
  await server.stop(t)
})

t.test('banner: in clear with -n, else the first TLS data', async (t) => {
  for (const words of [['-n'], ['-N']]) {
    const server = await Server.start([...words, '-B', 'banner '], ['w:hi'])
    const near = await server.connect()
    if (words[0] === '-n') t.equal(await line(near), 'banner hi\r\n')
    else {
      const peer = await Peer.client(near)
      t.equal(await peer.until(/hi/), 'banner hi\r\n')
      peer.stream.end()
    }
    near.destroy()
    await server.stop(t)
  }
})

t.test('many at once', async (t) => {
  const server = await Server.start(['-n', '-c200'], [...DELAYED, 'w:in', 'echo'])
  const before = server.open
  const peers = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const peer = await Peer.client(await server.starttls())
      await peer.until(/in/)
      return peer
    }),
  )
  t.ok(peers.every(({ text }) => text === 'in\r\n'))
  for (const { stream } of peers) stream.end()
  t.ok(await until(() => processes().length === 1))
  t.equal(server.open, before)
  await server.stop(t)
})

t.test('what can be wrong at the start', async (t) => {
  const ended = async (words: readonly string[], env: Env) => {
    const program = run(['sslserver', ...words], env)
    return [await program.ended, program.stderr]
  }
  const rest = ['127.0.0.1', '0', 'true']
  t.match(await ended(rest, {}), [111, 'sslserver: fatal: unable to load certificate: CERTFILE not set\n'])
  t.match(await ended(['-q', ...rest], {}), [111, ''])
  t.same(await ended(rest, { ...ENV, SSL_UID: 'x' }), [100, 'sslserver: fatal: invalid SSL_UID\n'])
  t.match(await ended(rest, { ...ENV, CERTFILE: '/x/y' }), [
    111,
    /unable to load certificate \/x\/y: file does not exist\n$/,
  ])
  t.match(await ended(rest, { ...ENV, 'CERTFILE:a': '/x/y' }), [111, /unable to load certificate \/x\/y/])
  t.match(await ended(rest, { ...ENV, 'KEYFILE:a': '/x/y' }), [
    111,
    'sslserver: fatal: environment variable KEYFILE:a not paired with the corresponding CERTFILE\n',
  ])
  t.match(await ended(['-3', ...rest], ENV), [
    111,
    'sslserver: fatal: unable to read password: file descriptor not open\n',
  ])
  t.match(await ended(['-m', ...rest], ENV), [111, 'sslserver: fatal: CADIR or CAFILE not set\n'])
  t.match(await ended(['-Tx', ...rest], ENV), [100, /^sslserver: usage: sslserver /])
  t.match(await ended(['-w', '-1', ...rest], ENV), [100, /usage/])
  t.match(await ended(['-k', ...rest], ENV), [100, /^sslserver: illegal option -- k\nsslserver: usage: sslserver /])
  t.ok(await gone())
})
