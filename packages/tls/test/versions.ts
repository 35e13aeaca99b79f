import { spawnSync } from 'node:child_process'
import t from 'tap'
import { connection, engineOn, KEYS, Peer, processes, run, until } from './lib/peer.ts'

const OPENSSL = spawnSync('openssl', ['version']).status === 0
const RSA = { CERTFILE: `${KEYS}/rsa.pem`, TLS_UID: '65534', TLS_GID: '65533' }
/** Two hosts' worth of certificates, and their listener with TLS at once. */
const NAMED = { ...RSA, SSL_UID: '65534', SSL_GID: '65533', 'CERTFILE:other.example': `${KEYS}/other.pem` }
const ANY = 'ALL:eNULL:@SECLEVEL=0'

t.setTimeout(120_000)

/** A client of openssl and a server of ours: what openssl says. `input` goes to it when the session is up. */
async function client(port: number, words: readonly string[], input = ''): Promise<string> {
  const argv = ['openssl', 's_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...words]
  const program = run(argv, {}, 'pipe')
  await until(() => program.stdout.includes('hello') || program.child.exitCode !== null, 10)
  program.child.stdin?.end(input)
  await program.ended
  return program.stdout + program.stderr
}

t.test('openssl s_client', { skip: !OPENSSL && 'needs openssl' }, async (t) => {
  const script = 'echo hello $SSL_PROTOCOL $SSL_CIPHER sni=$SSL_TLS_SNI_SERVERNAME; read line; echo "got $line"'
  const server = run(['sslserver', '-1vRHl0', '127.0.0.1', '0', 'sh', '-c', script], NAMED)
  await until(() => server.stderr.includes('status: 0'))
  const port = Number(server.stdout)

  for (const [words, expected] of [
    [['-tls1_3'], /^hello TLSv1\.3 TLS_AES_256_GCM_SHA384 sni=$/m],
    [['-tls1_2'], /^hello TLSv1\.2 ECDHE-RSA-AES128-GCM-SHA256 sni=$/m],
    [['-tls1_3', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'], /^hello TLSv1\.3 TLS_CHACHA20_POLY1305_SHA256 /m],
    [['-tls1_2', '-cipher', 'AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384'], /ECDHE-RSA-AES256-GCM-SHA384/],
    [['-servername', 'other.example'], /sni=other\.example\n[\s\S]*subject=.*CN = other\.example/],
    [['-servername', 'nobody.example'], /sni=nobody\.example\n/],
    [['-alpn', 'smtp,h2'], /No ALPN negotiated/],
    [['-tls1_2'], /Compression: NONE/],
    [['-tls1_2'], /Extended master secret: yes/],
    [['-tls1_2'], /Secure Renegotiation IS supported/],
  ] as const) {
    const out = await client(port, words, 'x\n')
    t.match(sorted(out), expected, words.join(' '))
    t.match(out, /^got x$/m)
    t.notMatch(out, /Early data was accepted|Reused|ticket lifetime hint: [1-9]/)
  }

  for (const [words, expected] of [
    [['-tls1_1', '-cipher', ANY], /alert protocol version/],
    [['-tls1', '-cipher', ANY], /alert protocol version/],
    [['-tls1_2', '-cipher', 'eNULL:@SECLEVEL=0'], /alert handshake failure/],
    [['-tls1_2', '-cipher', 'aNULL:@SECLEVEL=0'], /alert handshake failure/],
    [['-tls1_2', '-cipher', 'DHE-RSA-AES128-GCM-SHA256'], /alert handshake failure/],
    [['-tls1_2', '-cipher', 'CAMELLIA:SEED:@SECLEVEL=0'], /alert handshake failure/],
    [['-groups', 'ffdhe2048'], /alert handshake failure/],
  ] as const) {
    const out = await client(port, words)
    t.match(out, expected, words.join(' '))
    t.notMatch(out, /hello/)
  }

  server.stderr = ''
  const again = await client(port, ['-tls1_2', '-no_ign_eof'], 'R\n')
  t.match(again, /RENEGOTIATING/)
  t.notMatch(again, /^got/m)
  t.match(server.stderr, /^sslserver: fatal: TLS error: no renegotiation$/m)

  server.child.kill('SIGTERM')
  t.equal(await server.ended, 0)
})

/** Where the peer's certificate is described comes before what the program has written. */
const sorted = (text: string): string => text.replace(/([\s\S]*?)^(hello .*\n)([\s\S]*)/m, '$2$1$3')

/** A ClientHello of TLS 1.2 with these cipher suites, as a client that knows nothing better would send it. */
function hello(suites: readonly number[]): Buffer {
  const list = suites.flatMap((suite) => [suite >> 8, suite & 255])
  const extensions = Buffer.from('000a00080006001d00170018000b00020100000d000a00080401050106010201ff01000100', 'hex')
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, list.length, ...list, 1, 0, 0, extensions.length]),
    extensions,
  ])
  return Buffer.concat([Buffer.from([22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length]), body])
}

/** The first bytes of the answer to a hello: type and length of a record, then what is in it. */
async function answer(bytes: Buffer): Promise<Buffer> {
  const [near, far] = await connection()
  const engine = engineOn(far, ['server=true', 'handshake=3000'], RSA)
  let got = Buffer.alloc(0)
  near.on('data', (data: Buffer) => {
    got = Buffer.concat([got, data])
  })
  near.write(bytes)
  await until(() => got.length >= 7)
  near.destroy()
  await engine.ended
  return got
}

const ALERT = 21
const HANDSHAKE = 22
const HANDSHAKE_FAILURE = 40

t.test('cipher suites that no library offers any more', async (t) => {
  for (const [suite, name] of [
    [0x0004, 'RC4 with MD5'],
    [0x0005, 'RC4'],
    [0x0009, 'DES'],
    [0x000a, 'triple DES'],
    [0xc012, 'triple DES, ECDHE'],
    [0xc011, 'RC4, ECDHE'],
    [0x0003, 'RC4 with 40 bits'],
    [0x0008, 'DES with 40 bits'],
    [0x0001, 'none'],
    [0x0018, 'RC4, nobody authenticated'],
  ] as const) {
    const got = await answer(hello([suite]))
    t.equal(got[0], ALERT, name)
    t.equal(got[6], HANDSHAKE_FAILURE, name)
  }
  t.equal((await answer(hello([0x000a, 0xc02f])))[0], HANDSHAKE, 'the same hello with a good one')
  const old = hello([0xc02f])
  old[10] = 2
  t.equal((await answer(old))[6], 70, 'TLS 1.1: protocol_version')
  old[10] = 0
  t.equal((await answer(old))[6], 70, 'SSL 3: protocol_version')
})

t.test('only the newest, or a list of ciphers', async (t) => {
  const version = async (env: Readonly<Record<string, string>>, options: object) => {
    const [near, far] = await connection()
    const engine = engineOn(far, ['server=true'], { ...RSA, ...env })
    const peer = await Peer.client(near, options)
    const cipher = peer.stream.getCipher()?.name
    engine.program.end()
    peer.stream.destroy()
    await engine.ended
    return peer.error ?? cipher
  }
  t.equal(await version({ TLS_MINVERSION: 'TLSv1.3' }, {}), 'TLS_AES_256_GCM_SHA384')
  t.match(await version({ TLS_MINVERSION: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }), /PROTOCOL_VERSION/)
  const list = { CIPHERS: 'ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384' }
  const old = { maxVersion: 'TLSv1.2' }
  t.equal(await version(list, old), 'ECDHE-RSA-CHACHA20-POLY1305', 'our order counts')
  t.match(await version(list, { ...old, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), /HANDSHAKE_FAILURE/)
  t.equal(await version(list, {}), 'TLS_AES_256_GCM_SHA384', 'the list is for TLS 1.2')
})

t.test('nothing is left behind', async (t) => {
  t.ok(await until(() => processes().length === 0), JSON.stringify(processes()))
})
