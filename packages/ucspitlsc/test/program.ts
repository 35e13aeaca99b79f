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

for (const exec of ['', 'always'])
  t.test(`who is killed takes nobody along, and leaves nothing: images ${exec || 'as few as possible'}`, async (t) => {
    const env = { ...ENV, MOREQMAIL_EXEC: exec }
    for (const victim of ['waiting', 'program', 'tls', 'program with tls']) {
      const { near, program } = await start(
        ['-k', 'mx.example'],
        ['w:STARTTLS', 'r:220', 'Y', 'switch', 'w:in', 'echo'],
        env,
      )
      await line(near)
      const kill = (pid: number | undefined) => pid !== undefined && process.kill(pid, 'SIGKILL')
      const others = processes().filter(([pid]) => pid !== program.child.pid)
      if (victim === 'waiting') kill(others.find(([, command]) => command.startsWith('ucspitlsc'))?.[0])
      if (victim === 'program') kill(program.child.pid)
      near.write('220\r\n')
      if (victim.includes('tls')) {
        const peer = await Peer.server(near, 'mx.pem')
        await peer.until(/in/)
        kill(victim === 'tls' ? processes('tls-io')[0]?.[0] : program.child.pid)
        await peer.over()
        peer.stream.destroy()
      }
      // The program of the tests ends with 1 where it writes and nobody reads.
      const code = { waiting: 1, tls: 0, program: 'SIGKILL', 'program with tls': 'SIGKILL' }[victim]
      t.equal(await program.ended, code, victim)
      near.destroy()
      t.ok(await gone(), victim)
    }
  })

t.test('a server that leaves at each step of the handshake, or says what is no TLS', async (t) => {
  const hello = Buffer.from(`160303004a020000460303${'00'.repeat(32)}20${'01'.repeat(32)}c02b00`, 'hex')
  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['half a header', hello.subarray(0, 3)],
    ['half a message', hello.subarray(0, 30)],
    ['a ServerHello', hello],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
    ['a reply in clear', Buffer.from('220 mx.example ESMTP\r\n')],
    ['a record of no length', Buffer.from([22, 3, 3, 0, 0])],
    ['rubbish', Buffer.alloc(50_000, 0xff)],
  ] as const)
    for (const how of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const { near, program } = await start([], ['w:STARTTLS', 'r:220', 'Y', 'switch'])
      await line(near)
      near.write('220\r\n')
      await new Promise((done) => near.once('data', done).resume())
      near.write(bytes, () => near[how]())
      t.equal(await program.ended, 97, `${what}, ${how}`)
      t.match(program.stderr, /^ucspitlsc: fatal: unable to handshake: [ -~]+\n$/)
      near.destroy()
    }
  t.ok(await gone())
})
