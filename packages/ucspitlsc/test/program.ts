import t from 'tap'
import {
  APP,
  clientOn,
  connection,
  type Env,
  KEYS,
  line,
  Peer,
  processes,
  run,
  until,
} from '../../tls/test/lib/peer.ts'

const ENV: Env = { CAFILE: `${KEYS}/ca.pem`, TLS_UID: '65534', TLS_GID: '65533' }
const gone = () => until(() => processes().length === 0)

t.setTimeout(120_000)

async function start(words: readonly string[], steps: readonly string[], env: Env = ENV) {
  const [near, far] = await connection()
  return { near, program: clientOn(far, ['ucspitlsc', ...words, ...APP, 'client', ...steps], env) }
}

t.test('in clear, then TLS', async (t) => {
  for (const exec of ['', 'always']) {
    const env = { ...ENV, MOREQMAIL_EXEC: exec }
    const { near, program } = await start(
      ['-k', 'mx.example'],
      ['w:STARTTLS', 'r:220', 'Y', 'switch', 'w:in', 'r:x'],
      env,
    )
    t.equal(await line(near), 'STARTTLS\r\n')
    near.write('220\r\n')
    const peer = await Peer.server(near, 'mx.pem')
    t.equal(await peer.until(/in/), 'in\r\n')
    peer.stream.end('x\r\n')
    t.equal(await program.ended, 0)
    t.equal(program.stderr, '')
    t.ok(await gone())
  }
})

t.test('a failure is an end of file for the program, and its reason is there before', async (t) => {
  const { near, program } = await start(['-k', 'mx.example'], ['w:STARTTLS', 'r:220', 'Y', 'switch'])
  await line(near)
  near.write('220\r\n')
  const peer = await Peer.server(near, 'other.pem')
  t.equal(await program.ended, 97)
  t.equal(program.stderr, 'ucspitlsc: fatal: unable to handshake: server name does not match certificate: mx.example\n')
  peer.stream.destroy()
  t.ok(await gone())
})

t.test('an address is no server name, but is what the certificate must be for', async (t) => {
  for (const [address, good] of [
    ['127.0.0.1', true],
    ['192.0.2.1', false],
  ] as const) {
    const { near, program } = await start(['-k', address], ['w:STARTTLS', 'r:220', 'Y', 'switch', 'w:in', 'eof'])
    await line(near)
    near.write('220\r\n')
    const peer = await Peer.server(near, 'local.pem')
    t.notOk((peer.stream as { servername?: unknown }).servername)
    peer.stream.end()
    t.equal(await program.ended, good ? 0 : 97)
  }
  t.ok(await gone())
})

t.test('what can be wrong at once', async (t) => {
  const ended = async (command: string) => {
    const program = run(['bash', '-c', `exec ${command}`], ENV)
    return [await program.ended, program.stderr]
  }
  const closed = 'fatal: unable to check network fds: file descriptor not open\n'
  t.same(await ended('ucspitlsc true'), [111, `ucspitlsc: ${closed}`])
  t.same(await ended('ucspitlsc true 6<&0'), [111, `ucspitlsc: ${closed}`])
  t.same(await ended('ucspitlsc true 6<&0 7>&1'), [0, ''])
  t.same(await ended('ucspitlsc -6 8 -7 9 true 8<&0 9>&1'), [0, ''])
  t.same(await ended('ucspitlsc -6 2 true'), [
    100,
    'ucspitlsc: fatal: read-fd must be an unsigned integer (3 or more)\n',
  ])
  t.ok(await gone())
})
