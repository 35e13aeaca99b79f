import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import {
  connection,
  type EngineRun,
  type Env,
  engineOn,
  KEYS,
  memory,
  Peer,
  pem,
  processes,
  run,
  until,
} from './lib/peer.ts'

const RSA = { CERTFILE: `${KEYS}/rsa.pem`, TLS_UID: '65534', TLS_GID: '65533' }
const ANCHOR = { CAFILE: `${KEYS}/ca.pem`, TLS_UID: '65534', TLS_GID: '65533' }
const MB = 1024 * 1024

async function server(words: readonly string[] = [], env: Env = RSA) {
  const [near, far] = await connection()
  return { near, engine: engineOn(far, ['server=true', ...words], env) }
}

t.setTimeout(600_000)

/** A session that is up. */
async function session(words: readonly string[] = [], env: Env = RSA, options: Parameters<typeof Peer.client>[1] = {}) {
  const { near, engine } = await server(words, env)
  const peer = await Peer.client(near, options)
  await until(() => engine.told.endsWith('\0\0'))
  return { near, engine, peer }
}

/** The exit code, what was said, and whether the program has been told. */
async function outcome(engine: EngineRun) {
  const code = await engine.ended
  return [code, engine.stderr]
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
  t.test(maxVersion, async (t) => {
    await t.test('both ways, and both ends in order', async (t) => {
      const { engine, peer } = await session([], RSA, { maxVersion })
      t.match(engine.told, new RegExp(`^SSL_PROTOCOL=${maxVersion}\0SSL_CIPHER=`))
      peer.stream.write('in')
      await until(() => engine.text === 'in')
      engine.program.write('out')
      t.equal(await peer.until(/out/), 'out')
      peer.stream.end()
      t.ok(await until(() => engine.outputEnded))
      engine.program.end('last words')
      t.equal(await peer.until(/words/), 'outlast words')
      t.same(await outcome(engine), [0, ''])
    })

    await t.test('the program ends first, and still reads', async (t) => {
      const { engine, peer } = await session([], RSA, { maxVersion })
      engine.program.end('bye')
      await peer.over()
      t.equal(peer.text, 'bye')
      peer.stream.write('late')
      t.ok(await until(() => engine.text === 'late'))
      peer.stream.end()
      t.same(await outcome(engine), [0, ''])
    })

    await t.test('the program ends first and gets no more', async (t) => {
      const { engine, near, peer } = await session(['deaf=true'], RSA, { maxVersion })
      engine.program.end('bye')
      await peer.over()
      t.equal(peer.text, 'bye')
      t.ok(await until(() => engine.outputEnded))
      near.destroy()
      t.same(await outcome(engine), [0, ''])
      t.equal(engine.text, '')
    })

    await t.test('the program reads no more, and writes on', async (t) => {
      const { engine, peer } = await session([], RSA, { maxVersion })
      engine.output.destroy()
      for (let i = 0; i < 10; i++) peer.stream.write(Buffer.alloc(100_000))
      engine.program.write('one')
      await peer.until(/one/)
      engine.program.end('two')
      await peer.over()
      t.equal(peer.text, 'onetwo')
      peer.stream.end()
      t.same(await outcome(engine), [0, ''])
    })

    await t.test('the end without close_notify', async (t) => {
      for (const strict of [false, true]) {
        const { engine, near, peer } = await session([`strict=${strict}`], RSA, { maxVersion })
        peer.stream.write('all of it')
        await until(() => engine.text === 'all of it')
        near.end()
        t.ok(await until(() => engine.outputEnded), 'end of file')
        engine.program.end('bye')
        const [code, said] = await outcome(engine)
        t.equal(code, strict ? 98 : 0)
        t.equal(said, strict ? 'x: fatal: peer closed without close_notify\n' : '')
        t.equal(peer.text, 'bye')
      }
    })

    await t.test('close_notify and FIN at once are no cut', async (t) => {
      const { engine, peer } = await session(['strict=true'], RSA, { maxVersion })
      peer.stream.end('x'.repeat(200_000))
      t.ok(await until(() => engine.outputEnded))
      engine.program.end()
      t.same(await outcome(engine), [0, ''])
      t.equal(engine.received, 200_000)
    })

    await t.test('reset', async (t) => {
      const { engine, near } = await session([], RSA, { maxVersion })
      near.resetAndDestroy()
      t.same(await outcome(engine), [98, 'x: fatal: unable to read from network: connection reset\n'])
      t.ok(engine.outputEnded)
    })

    await t.test('a record that was tampered with', async (t) => {
      const { engine, near, peer } = await session([], RSA, { maxVersion })
      peer.stream.write('good')
      await until(() => engine.text === 'good')
      near.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32)]))
      t.same(await outcome(engine), [98, 'x: fatal: TLS error: decryption failed or bad record mac\n'])
      t.equal(engine.text, 'good')
      t.match(peer.error, /BAD_RECORD_MAC/i, 'the peer is told')
    })

    await t.test('nothing for too long', async (t) => {
      const { engine, peer } = await session(['idle=1'], RSA, { maxVersion })
      for (let i = 0; i < 4; i++) {
        await delay(400)
        peer.stream.write('x')
      }
      t.ok(await until(() => engine.text === 'xxxx'))
      t.same(await outcome(engine), [98, 'x: fatal: timed out\n'])
    })
  })

t.test('100 MB each way at the same time, with little memory', { timeout: 120_000 }, async (t) => {
  const { engine, peer } = await session()
  const size = 100 * MB
  const send = async (write: (chunk: Buffer) => boolean, drained: () => Promise<unknown>) => {
    const chunk = Buffer.alloc(65536, 'x')
    for (let sent = 0; sent < size; sent += chunk.length) if (!write(chunk)) await drained()
  }
  await Promise.all([
    send(
      (chunk) => peer.stream.write(chunk),
      () => new Promise((done) => peer.stream.once('drain', done)),
    ),
    send(
      (chunk) => engine.program.write(chunk),
      () => new Promise((done) => engine.program.once('drain', done)),
    ),
  ])
  t.ok(await until(() => engine.received === size && peer.count === size, 60))
  const pid = engine.child.pid ?? 0
  t.ok(memory(pid, 'VmHWM') < 100_000, `${memory(pid, 'VmHWM')} kB`)
  peer.stream.end()
  engine.program.end()
  t.same(await outcome(engine), [0, ''])
})

t.test('who does not read stops who writes', { timeout: 60_000 }, async (t) => {
  for (const slow of ['peer', 'program']) {
    const { engine, peer } = await session()
    const chunk = Buffer.alloc(MB)
    const reader = slow === 'peer' ? peer.stream : engine.output
    reader.pause()
    const writer = slow === 'peer' ? engine.program : peer.stream
    for (let i = 0; i < 40; i++) writer.write(chunk)
    await delay(2000)
    t.ok(writer.writableLength > 20 * MB, `${slow}: ${writer.writableLength} bytes wait before it`)
    t.ok(memory(engine.child.pid ?? 0, 'VmHWM') < 100_000)
    reader.resume()
    const got = (): number => (slow === 'peer' ? peer.count : engine.received)
    t.ok(await until(() => got() === 40 * MB), `and all comes in the end: ${got()}`)
    engine.program.end()
    peer.stream.destroy()
    await engine.ended
  }
})

t.test('the peer leaves at each step of the handshake', { timeout: 120_000 }, async (t) => {
  const { near, engine } = await server()
  near.end()
  t.same(await outcome(engine), [97, 'x: fatal: unable to handshake: connection closed\n'])
  for (const bytes of [1, 5, 6, 100, 300])
    for (const how of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const { near, engine } = await server()
      const hello = helloBytes()
      near.write(hello.subarray(0, bytes), () => near[how]())
      const [code, said] = await outcome(engine)
      t.equal(code, 97, `${bytes} bytes, ${how}`)
      t.match(said, /^x: fatal: unable to handshake: [ -~]+\n$/)
      t.ok(engine.reportEnded && engine.told === '' && engine.outputEnded)
    }
})

/** A ClientHello as OpenSSL's, without SNI. */
function helloBytes(): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, 4, 0xc0, 0x2f, 0x13, 1, 1, 0]),
    Buffer.alloc(2),
  ])
  const message = Buffer.concat([Buffer.from([1, 0, 0, body.length]), body])
  return Buffer.concat([Buffer.from([22, 3, 1, 0, message.length]), message, Buffer.alloc(300)])
}

t.test('what is no TLS gets no answer', async (t) => {
  for (const sni of [0, 1, 2])
    for (const text of ['EHLO x\r\n', 'GET / HTTP/1.0\r\n\r\n', '\0', '\xff'.repeat(100_000)]) {
      const { near, engine } = await server([`sni=${sni}`], { ...RSA, 'CERTFILE:a': `${KEYS}/rsa.pem` })
      let answer = 0
      near.on('data', (data: Buffer) => {
        answer += data.length
      })
      near.write(text, 'latin1')
      t.same(await outcome(engine), [97, 'x: fatal: unable to handshake: no TLS\n'])
      t.equal(answer, 0)
    }
})

t.test('a silent peer', async (t) => {
  const { engine } = await server(['handshake=300'])
  t.same(await outcome(engine), [97, 'x: fatal: handshake timed out\n'])
})

t.test('one that sends a byte now and then has no more time', async (t) => {
  const { near, engine } = await server(['handshake=500'])
  const hello = helloBytes()
  let sent = 0
  const timer = setInterval(() => near.write(hello.subarray(sent, ++sent)), 40)
  t.same(await outcome(engine), [97, 'x: fatal: handshake timed out\n'])
  clearInterval(timer)
})

t.test('the program is gone before there is a session', async (t) => {
  const { engine } = await server()
  for (const end of [engine.program, engine.output, engine.report]) end.destroy()
  t.same(await outcome(engine), [0, ''])
})

t.test('one end of the program is not the program', async (t) => {
  const { near, engine } = await server()
  engine.output.destroy()
  await delay(300)
  const peer = await Peer.client(near)
  engine.program.end('bye')
  await peer.over()
  t.equal(peer.text, 'bye')
  peer.stream.end()
  t.same(await outcome(engine), [0, ''])
})

t.test('without a report', async (t) => {
  const { near, engine } = await server(['report=false'])
  t.ok(await until(() => engine.reportEnded), 'ended at once')
  const peer = await Peer.client(near)
  engine.program.end('in')
  t.equal(await peer.until(/in/), 'in')
  peer.stream.end()
  t.same(await outcome(engine), [0, ''])
  t.equal(engine.told, '')
})

t.test('what it has open, and as whom', async (t) => {
  const { engine, peer } = await session()
  const pid = engine.child.pid ?? 0
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => [Number(fd), readlinkSync(`/proc/${pid}/fd/${fd}`)] as const)
  const rest = links.filter(([fd, link]) => fd > 4 && link.startsWith('socket:'))
  t.equal(rest.length, 2, `the pair to the session: ${JSON.stringify(links)}`)
  if (process.getuid?.() === 0) {
    const status = spawnSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8' }).stdout
    t.match(status, /Uid:\t65534\t65534\t65534\t65534\nGid:\t65533\t65533\t65533\t65533/)
    t.match(status, /Groups:\t65533 \n/)
  }
  engine.program.end()
  peer.stream.end()
  t.same(await outcome(engine), [0, ''])
})

t.test('no session tickets, no old versions, no renegotiation', async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { near, engine } = await server()
    let sessions = 0
    const peer = await Peer.client(near, { maxVersion })
    peer.stream.on('session', () => sessions++)
    engine.program.end('x')
    await peer.over()
    t.equal(sessions, 0, maxVersion)
    peer.stream.end()
    await engine.ended
  }
  const { near, engine } = await server()
  const peer = await Peer.client(near, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' })
  t.ok(peer.error)
  t.same(await outcome(engine), [97, 'x: fatal: unable to handshake: unsupported protocol\n'])
  const second = await session([], RSA, { maxVersion: 'TLSv1.2' })
  second.peer.stream.renegotiate({}, () => undefined)
  t.same(await outcome(second.engine), [98, 'x: fatal: TLS error: no renegotiation\n'])
})

t.test('certificates by name', { timeout: 60_000 }, async (t) => {
  const env = { ...RSA, 'CERTFILE:other.example': `${KEYS}/other.pem`, 'CERTFILE:*.wild.example': `${KEYS}/wild.pem` }
  const shown = async (sni: number, servername: string | undefined, maxVersion: 'TLSv1.2' | 'TLSv1.3') => {
    const { near, engine } = await server([`sni=${sni}`], env)
    const peer = await Peer.client(near, { maxVersion, ...(servername === undefined ? {} : { servername }) })
    const subject = peer.stream.getPeerCertificate()?.subject?.CN
    engine.program.end()
    peer.stream.destroy()
    await engine.ended
    return subject ?? peer.error
  }
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    t.equal(await shown(0, 'other.example', version), 'mx.example')
    t.equal(await shown(1, 'OTHER.example', version), 'other.example')
    t.equal(await shown(1, 'a.wild.example', version), '*.wild.example')
    t.equal(await shown(1, 'a.b.wild.example', version), 'mx.example')
    t.equal(await shown(1, undefined, version), 'mx.example')
    t.equal(await shown(2, 'other.example', version), 'other.example')
    t.match(await shown(2, 'x.example', version), /UNRECOGNIZED_NAME/i)
    t.match(await shown(2, undefined, version), /UNRECOGNIZED_NAME/i)
  }
  const { near, engine } = await server(['sni=2'])
  const peer = await Peer.client(near, { servername: 'mx.example' })
  t.match(peer.error, /UNRECOGNIZED_NAME/i, 'no names at all')
  t.same(await outcome(engine), [97, 'x: fatal: unable to handshake: no certificate for mx.example\n'])
})

t.test('client certificates', { timeout: 60_000 }, async (t) => {
  const env = { ...RSA, ...ANCHOR }
  const shown = async (how: string, name: string | undefined, more: readonly string[] = [], anchors: Env = env) => {
    const { near, engine } = await server([`clientCertificate=${how}`, ...more], anchors)
    const own = name === undefined ? {} : { key: pem(name), cert: pem(name) }
    const peer = await Peer.client(near, own)
    await until(() => engine.reportEnded)
    engine.program.end()
    peer.stream.destroy()
    await engine.ended
    return /SSL_CLIENT_VERIFY=(\w+)/.exec(engine.told)?.[1] ?? engine.stderr.trimEnd()
  }
  t.equal(await shown('none', 'client.pem'), 'NONE')
  t.equal(await shown('optional', undefined), 'NONE')
  t.equal(await shown('optional', 'client.pem'), 'SUCCESS')
  t.match(await shown('optional', 'stranger.pem'), /^x: fatal: unable to handshake: unable to verify/)
  t.match(await shown('optional', 'expired.pem'), /^x: fatal: unable to handshake: certificate has expired$/)
  t.equal(await shown('required', 'client.pem'), 'SUCCESS')
  t.match(await shown('required', undefined), /^x: fatal: unable to handshake: peer did not return a certificate$/)
  t.match(await shown('required', 'stranger.pem'), /^x: fatal: unable to handshake: unable to verify/)
  t.equal(await shown('required', 'client.pem', ['clientHost=client.example']), 'SUCCESS')
  t.match(
    await shown('required', 'client.pem', ['clientHost=mx.example']),
    /^x: fatal: unable to handshake: client name does not match certificate: mx.example$/,
  )
  t.match(await shown('required', 'client.pem', ['clientHost=']), /client name does not match certificate:$/)
  const { CAFILE: _, ...without } = env
  t.equal(await shown('required', undefined, [], { ...without, CCAFILE: '-' }), 'NONE')
})

t.test('the certificate of the server', { timeout: 60_000 }, async (t) => {
  const checked = async (certificate: string, words: readonly string[], env: Env) => {
    const [near, far] = await connection()
    const engine = engineOn(far, words, env)
    const peer = await Peer.server(near, certificate)
    await until(() => engine.reportEnded)
    engine.program.end()
    peer.stream.destroy()
    await engine.ended
    return engine.told === '' ? engine.stderr.trimEnd().replace('x: fatal: unable to handshake: ', '') : 'good'
  }
  const host = (name: string) => [`serverHost=${name}`, `serverName=${name}`]
  t.equal(await checked('mx.pem', host('mx.example'), ANCHOR), 'good')
  t.equal(await checked('mx.pem', [], ANCHOR), 'good', 'no name, no check of it')
  t.equal(await checked('other.pem', host('mx.example'), ANCHOR), 'server name does not match certificate: mx.example')
  t.match(await checked('cnonly.pem', host('mx.example'), ANCHOR), /does not match/, 'the CN does not count')
  t.equal(await checked('wild.pem', host('a.wild.example'), ANCHOR), 'good')
  t.match(await checked('wild.pem', host('a.b.wild.example'), ANCHOR), /does not match/)
  t.equal(await checked('chain.pem', host('chain.example'), ANCHOR), 'good')
  t.equal(await checked('local.pem', ['serverHost=127.0.0.1'], ANCHOR), 'good')
  t.equal(await checked('local.pem', ['serverHost=::1'], ANCHOR), 'good')
  t.equal(await checked('local.pem', ['serverHost=0:0::1'], ANCHOR), 'good')
  t.match(await checked('local.pem', ['serverHost=127.0.0.2'], ANCHOR), /does not match/)
  t.equal(await checked('self.pem', host('mx.example'), ANCHOR), 'self signed certificate')
  t.equal(await checked('expired.pem', host('mx.example'), ANCHOR), 'certificate has expired')
  t.match(await checked('mx.pem', host('mx.example'), { ...ANCHOR, CAFILE: `${KEYS}/ca2.pem` }), /unable to verify/)
  t.equal(await checked('self.pem', ['verify=false'], { TLS_UID: '65534' }), 'good')
})

t.test('anchors: several in a file, files in a directory', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'anchors-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const good = async (env: Env) => {
    const [near, far] = await connection()
    const engine = engineOn(far, ['serverHost=mx.example'], env)
    const peer = await Peer.server(near, 'mx.pem')
    await until(() => engine.reportEnded)
    engine.program.end()
    peer.stream.destroy()
    await engine.ended
    return engine.told !== '' || engine.stderr
  }
  const both = join(dir, 'both')
  writeFileSync(both, Buffer.concat([pem('ca2.pem'), Buffer.from('text between\n'), pem('ca.pem')]))
  t.equal(await good({ CAFILE: both }), true)
  for (const [name, taken] of [
    ['x.pem', true],
    ['x.crt', true],
    ['0123abcd.0', true],
    ['x.txt', false],
  ] as const) {
    const anchors = join(dir, `${name}.d`)
    mkdirSync(anchors)
    cpSync(`${KEYS}/ca.pem`, join(anchors, name))
    writeFileSync(join(anchors, 'broken.pem'), 'broken')
    if (taken) t.equal(await good({ CADIR: anchors }), true, name)
    else t.match(await good({ CADIR: anchors }), /fatal: unable to load CA list: no certificate in it\n$/, name)
    t.equal(await good({ CADIR: anchors, CAFILE: `${KEYS}/ca.pem` }), true)
  }
})

t.test('what can be wrong with files', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'files-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  const said = async (env: Env, words: readonly string[] = []) => {
    const { engine } = await server(words, env)
    const code = await engine.ended
    return `${code} ${engine.stderr.trimEnd()}`
  }
  const mx = `${KEYS}/mx.crt`
  const nothing = file('nothing', '')
  const cut = file('cut', pem('mx.crt').subarray(0, 200))
  const damaged = file(
    'damaged',
    pem('mx.crt')
      .toString()
      .replace(/\n[^\n]*\n/, '\nAAAA\n'),
  )
  t.equal(await said({}), '100 x: fatal: CERTFILE not set')
  t.equal(await said({ CERTFILE: '/x/y' }), '96 x: fatal: unable to load certificate /x/y: file does not exist')
  for (const path of [nothing, cut])
    t.equal(await said({ CERTFILE: path }), `96 x: fatal: unable to load certificate ${path}: no certificate in it`)
  t.match(
    await said({ CERTFILE: damaged, KEYFILE: `${KEYS}/mx.key` }),
    /^96 x: fatal: unable to load certificate .*damaged: [a-z ]+$/,
  )
  t.equal(await said({ CERTFILE: mx, KEYFILE: '/x/y' }), '96 x: fatal: unable to load key /x/y: file does not exist')
  t.equal(await said({ CERTFILE: mx }), `96 x: fatal: unable to load key ${mx}: no private key in it`)
  t.equal(
    await said({ CERTFILE: mx, KEYFILE: `${KEYS}/other.key` }),
    `96 x: fatal: key does not match certificate ${mx}`,
  )
  t.equal(await said({ CERTFILE: mx, KEYFILE: `${KEYS}/rsa.key` }), `96 x: fatal: key does not match certificate ${mx}`)
  t.match(
    await said({ CERTFILE: mx, KEYFILE: `${KEYS}/mx-locked.key` }),
    /^96 x: fatal: unable to load key .*: bad decrypt$/,
  )
  t.equal(await said({ ...RSA, CIPHERS: 'NOSUCH' }), '96 x: fatal: unable to set cipher list')
  t.equal(await said({ ...RSA, TLS_UID: 'root' }), '100 x: fatal: invalid TLS_UID')
  t.equal(
    await said({ ...RSA, CAFILE: '/x/y' }, ['clientCertificate=optional']),
    '96 x: fatal: unable to load CA list: file does not exist',
  )
  t.equal(
    await said({ ...RSA, 'CERTFILE:a': '/x/y' }, ['sni=1']),
    '96 x: fatal: unable to load certificate /x/y: file does not exist',
  )
  t.equal(await said({ CERTFILE: '/x/y' }, ['verbosity=0']), '96 ')
})

t.test('a key with a password', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'key-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const key = createPrivateKey(pem('mx.key'))
  const locked = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p\xe4ss word' })
  writeFileSync(join(dir, 'key'), locked)
  const env = `CERTFILE=${KEYS}/mx.crt KEYFILE=${dir}/key`
  const check = (password: string) =>
    spawnSync(
      'bash',
      [
        '-c',
        `printf '${password}' | env -i ${env} bash -c 'exec -a tls-io "$0" server=true check=true password=true 6<&0' ${process.env['MOREQMAIL_BIN'] ?? 'dist/bin'}/moreqmail`,
      ],
      { encoding: 'utf8' },
    )
  t.equal(check('p\\303\\244ss word').status, 0)
  t.equal(check('p\\303\\244ss word\\0junk').status, 0, 'up to a NUL')
  t.match(check('wrong'), { status: 96, stderr: /unable to load key .*: bad decrypt/ })
})

t.test('in another root directory', { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'root-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const { engine, peer } = await session([], { ...RSA, SSL_CHROOT: dir })
  t.equal(readlinkSync(`/proc/${engine.child.pid}/root`), dir)
  engine.program.end('inside')
  t.equal(await peer.until(/inside/), 'inside')
  peer.stream.end()
  t.same(await outcome(engine), [0, ''])
  const missing = await server([], { ...RSA, SSL_CHROOT: join(dir, 'x') })
  t.match(await outcome(missing.engine), [111, /^x: fatal: unable to chroot to .*: file does not exist\n$/])
})

t.test('nothing is left behind', async (t) => {
  t.ok(await until(() => processes().length === 0), JSON.stringify(processes()))
  t.equal(await run([process.execPath, '-e', ''], {}).ended, 0)
})
