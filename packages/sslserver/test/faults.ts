import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { BIN, type Env, KEYS, line, Peer, processes, until } from '../../tls/test/lib/peer.ts'
import { DELAYED, ENV, gone, Server, type Start } from './lib/server.ts'

const HOSTS = ['127.0.0.1', '::1'] as const
const KINDS = [
  ['tcpserver', []],
  ['sslserver', ['-n']],
  ['sslserver', ['-N']],
] as const

t.setTimeout(300_000)

/** Ticks of the processor that a process has used so far. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\) /s, '').split(' ')
  return Number(fields[11]) + Number(fields[12])
}

const limit = (what: string, pid: number) => spawnSync('prlimit', ['--pid', String(pid), what])
const noPrlimit = spawnSync('prlimit', ['--version']).status !== 0 && 'needs prlimit'

const onNode = existsSync(join(BIN, 'moreqmail.cjs')) && 'Node has raised it before'

/** Runs a program as a user that nothing else runs as: a limit of processes counts all of a user's. */
const OTHER = ['setpriv', '--reuid=54398', '--regid=54398', '--clear-groups']
const readable = ['test', '-x', join(BIN, 'sslserver'), '-a', '-r', `${KEYS}/rsa.pem`]
const noOther =
  spawnSync('setpriv', [...OTHER.slice(1), ...readable]).status !== 0 && 'needs root, and programs that all can run'

for (const exec of ['', 'always'])
  t.test(`the limit of descriptors ${exec}`, { skip: noPrlimit || onNode }, async (t) => {
    const env = { CERTFILE: `${KEYS}/rsa.pem`, MOREQMAIL_EXEC: exec }
    for (const name of ['tcpserver', 'sslserver'] as const) {
      const before = ['prlimit', '--nofile=100:3000']
      const prog = ['sh', '-c', 'ulimit -Sn']
      const server = await Server.start(name === 'tcpserver' ? [] : ['-n'], [], { before, prog, env, name })
      const own = /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${server.pid}/limits`, 'latin1'))?.[1]
      t.equal(own, name === 'tcpserver' ? '100' : '3000', `${name}: its own`)
      const near = await server.connect()
      t.equal(await line(near), '100\n', `${name}: the program's is what it was`)
      near.destroy()
      await server.stop(t)
    }
  })

for (const host of HOSTS)
  for (const [name, mode] of KINDS) {
    const secure = name === 'sslserver' && mode[0] === '-N'
    const what = `${name} ${mode.join('')} ${host}`

    /** The first line of a new connection; undefined without one. */
    const greeting = async (server: Server): Promise<string | undefined> => {
      const near = await server.connect()
      const peer = secure ? await Peer.client(near) : undefined
      const text = peer === undefined ? await line(near) : await peer.until(/\n/)
      near.destroy()
      return text || undefined
    }

    t.test(`descriptors are short: ${what}`, { skip: noPrlimit }, async (t) => {
      const server = await Server.start([...mode, '-c200'], ['w:hi', 'eof'], { name, host })
      const before = server.open
      limit('--nofile=3:20000', server.pid)
      const early = await server.connect()
      t.match(await server.said(/accept/), new RegExp(`^${name}: warning: unable to accept: too many open files\n$`))
      const used = ticks(server.pid)
      await delay(1000)
      t.ok(ticks(server.pid) - used < 20, 'it does not spin')
      t.equal(server.run.stderr.split('\n').length, 2, 'it says so once')
      // Enough for the connection, but not for all that goes with it.
      limit(`--nofile=${before + 30}:20000`, server.pid)
      const nears = await Promise.all(Array.from({ length: 25 }, () => server.connect()))
      await server.said(/(pid \d+ from[\s\S]*){3}/)
      for (const near of [early, ...nears]) near.resetAndDestroy()
      t.ok(await until(() => processes().length === 1), JSON.stringify(processes()))
      t.ok(await until(() => server.open === before), `${server.open} of ${before}`)
      limit('--nofile=20000', server.pid)
      t.equal(await greeting(server), 'hi\r\n')
      await server.stop(t)
    })

    t.test(`processes are short: ${what}`, { skip: noPrlimit || noOther }, async (t) => {
      const env = { CERTFILE: `${KEYS}/rsa.pem` }
      const how: Start = { name, host, env, before: [...OTHER, 'prlimit', '--nproc=9'] }
      const server = await Server.start([...mode, '-c200'], ['w:hi', 'eof'], how)
      const before = server.open
      const nears = []
      for (let i = 0; i < 20; i++) {
        const near = await server.connect()
        if (secure) near.write('\x16\x03\x01')
        nears.push(near)
      }
      const said = await server.said(/unable to (?:fork|start TLS): temporary failure\n/)
      t.match(said, /warning: dropping connection, unable to (?:fork|start TLS): temporary failure\n/)
      const used = ticks(server.pid)
      await delay(500)
      t.ok(ticks(server.pid) - used < 20, 'it does not spin')
      for (const near of nears) near.resetAndDestroy()
      t.ok(await until(() => processes().length === 1), JSON.stringify(processes()))
      t.ok(await until(() => server.open === before), `${server.open} of ${before}`)
      // Processes that the kernel is still taking apart count.
      let text: string | undefined
      for (let i = 0; i < 50 && text === undefined; i++) {
        if (i > 0) await delay(100)
        text = await greeting(server)
      }
      t.equal(text, 'hi\r\n')
      await server.stop(t)
    })

    t.test(`the listener is killed: ${what}`, async (t) => {
      const kill = async (server: Server) => {
        server.run.child.kill('SIGKILL')
        t.ok(await until(() => server.run.child.signalCode === 'SIGKILL'))
      }
      if (!secure) {
        const server = await Server.start(mode, name === 'tcpserver' ? ['w:hi', 'echo'] : DELAYED, { name, host })
        const near = await server.connect()
        await line(near)
        await kill(server)
        near.write('STARTTLS\r\n')
        t.equal(await line(near), name === 'tcpserver' ? 'STARTTLS\r\n' : '220\r\n', 'in clear it goes on')
        // Nobody is left who could do TLS: the program learns it by the end of file.
        if (name === 'tcpserver') near.end()
        t.ok(await gone(), JSON.stringify(processes()))
        near.destroy()
      }
      if (name === 'sslserver') {
        const server = await Server.start(mode, [...(secure ? [] : DELAYED), 'w:hi', 'echo'], { host })
        const peer = await Peer.client(await (secure ? server.connect() : server.starttls()))
        await peer.until(/hi/)
        await kill(server)
        peer.stream.write('still there\r\n')
        t.match(await peer.until(/there\r\n/), /still there/, 'in TLS too')
        peer.stream.end()
        t.ok(await gone(), JSON.stringify(processes()))
      }
    })
  }

for (const host of HOSTS)
  t.test(`what comes in place of a handshake: ${host}`, async (t) => {
    for (const exec of ['', 'always']) {
      const server = await Server.start(['-T1'], ['err:RUN'], { host, env: { ...ENV, MOREQMAIL_EXEC: exec } })
      const before = server.open
      const hello = Buffer.from('1603010200010001fc0303', 'hex')
      for (const [text, reason] of [
        ['EHLO mail.example\r\n', 'no TLS'],
        ['GET / HTTP/1.0\r\n\r\n', 'no TLS'],
        ['\0', 'no TLS'],
        ['\x16\x03\x01\x00\x00', '[a-z0-9 ]+'],
        ['\x16\x03\x01\x00\x05hello', '[a-z0-9 ]+'],
        ['\x80\x2e\x01\x00\x02', 'no TLS'],
        ['', 'timed out'],
        [hello.toString('latin1'), 'timed out'],
        ['FIN', 'connection closed'],
        [`${hello.toString('latin1')}FIN`, 'connection closed'],
        ['RST', 'connection (?:closed|reset)'],
        [`${hello.toString('latin1')}RST`, 'connection (?:closed|reset)'],
      ] as const) {
        server.run.stderr = ''
        const near = await server.connect()
        let answer = ''
        near.on('data', (data: Buffer) => {
          answer += data.toString('latin1')
        })
        near.write(Buffer.from(text.replace(/FIN|RST/, ''), 'latin1'))
        // It has been accepted by then: a connection that is reset before is none.
        await server.said(/pid \d+ from/)
        if (text.endsWith('FIN')) near.end()
        if (text.endsWith('RST')) near.resetAndDestroy()
        const said = await server.said(/ status: 0\/40\n$/)
        const address = host.replaceAll('.', '\\.')
        const dropped = `dropping connection, unable to accept TLS from: ${address} for pid: \\d+ ${reason}`
        t.match(said, new RegExp(`^sslserver: warning: ${dropped}$`, 'm'), JSON.stringify(text))
        t.match(said, /^sslserver: end \d+ status 28416$/m)
        t.notMatch(said, /RUN/, 'no program without TLS')
        if (reason === 'no TLS') t.equal(answer, '', 'who talks in clear gets no answer')
        near.destroy()
      }
      t.ok(await until(() => server.open === before))
      await server.stop(t)
    }
  })

t.test('TLS where clear text is expected', async (t) => {
  for (const host of HOSTS) {
    const server = await Server.start(['-n'], ['w:hi', 'r:STARTTLS', 'Y'], { host })
    const near = await server.connect()
    const peer = await Peer.client(near)
    t.ok(peer.error, 'the greeting is no TLS')
    const said = await server.said(/ status: 0\/40\n$/)
    t.match(said, /declined opportunistic TLS/)
    peer.stream.destroy()
    await server.stop(t)
  }
})

t.test('HUP and QUIT: the programs end, and their TLS', async (t) => {
  for (const host of HOSTS)
    for (const mode of ['-n', '-N']) {
      const server = await Server.start([mode], mode === '-n' ? [...DELAYED, 'w:hi', 'echo'] : ['w:hi', 'echo'], {
        host,
      })
      const before = server.open
      for (const signal of ['SIGHUP', 'SIGQUIT'] as const) {
        const peer = await Peer.client(await (mode === '-n' ? server.starttls() : server.connect()))
        await peer.until(/hi/)
        server.run.child.kill(signal)
        await peer.over()
        t.equal(peer.error, undefined, 'in order, with close_notify')
        peer.stream.end()
        if (signal === 'SIGHUP') {
          t.match(await server.said(/ status: 0\/40\n$/), /end \d+ status 15\n/)
          t.ok(await until(() => server.open === before))
        } else t.equal(await server.run.ended, 0)
      }
      t.ok(await gone(), JSON.stringify(processes()))
    }
})

t.test('TERM while the name is looked up that a certificate must be for: no TLS without it', async (t) => {
  for (const mode of ['-n', '-N']) {
    const silent = createSocket('udp4')
    await new Promise<void>((done) => silent.bind(0, '127.0.0.1', done))
    const env: Env = { ...ENV, CAFILE: `${KEYS}/ca.pem`, DNSCACHEIP: `127.0.0.1:${silent.address().port}` }
    const server = await Server.start([mode, '-zh'], ['w:hi', 'Y'], { env })
    const near = await server.connect()
    await server.said(/pid \d+ from/)
    server.run.child.kill('SIGTERM')
    t.ok(await until(() => server.run.child.exitCode === 0))
    silent.close()
    await server.run.ended
    t.match(server.run.stderr, /warning: dropping connection, unable to write: broken pipe\n$/)
    near.destroy()
    t.ok(await gone())
  }
})
