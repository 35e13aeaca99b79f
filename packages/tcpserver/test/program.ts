/** tcpserver as its clients, its programs and its log see it, with programs inside its image and in new ones. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect as dial, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { cdb } from '../../../test/lib/cdb.ts'
import { NameServer } from '../../../test/lib/name-server.ts'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const ROOT = process.getuid?.() === 0
const LINUX = process.platform === 'linux'
const MODES = [
  ['inside', {}],
  ['real images', { MOREQMAIL_EXEC: 'always' }],
] as const

interface Listener {
  readonly process: ChildProcess
  readonly pid: number
  readonly port: number
  readonly ended: Promise<number | string | null>
  /** Waits until descriptor 2 has had text like this; all of it so far. */
  log(pattern: RegExp | ((text: string) => boolean)): Promise<string>
}

async function listen(
  options: string,
  prog: readonly string[],
  env: Record<string, string> = {},
  before: readonly string[] = [],
): Promise<Listener> {
  const words = [...before, join(BIN, 'tcpserver'), '-1', ...options.split(' '), '127.0.0.1', '0', ...prog]
  const [program = '', ...args] = words
  const child = spawn(program, args, {
    env: { PATH: `${BIN}:/usr/bin:/bin`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  let came = () => {}
  child.stderr.on('data', (data) => {
    text += data
    came()
  })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = new Promise<number | string | null>((done) => child.on('exit', (code, signal) => done(signal ?? code)))
  const port = await new Promise<number>((done, failed) => {
    child.stdout.once('data', (line) => done(Number(line)))
    child.on('exit', () => failed(new Error(`no listener: ${text}`)))
  })
  const log = async (pattern: RegExp | ((text: string) => boolean)) => {
    const found = () => (pattern instanceof RegExp ? pattern.test(text) : pattern(text))
    while (!found()) await new Promise<void>((done) => (came = done))
    return text
  }
  return { process: child, pid: child.pid ?? 0, port, ended, log }
}

/** A connection and everything that comes over it, until its end. */
function connect(port: number, localAddress = '127.0.0.1'): { socket: Socket; all: Promise<string> } {
  const socket = dial({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true })
  let text = ''
  socket.on('data', (data) => (text += data))
  const all = new Promise<string>((done) => {
    socket.on('error', () => done(text))
    socket.on('end', () => {
      done(text)
      socket.end()
    })
  })
  return { socket, all }
}

const first = (socket: Socket) => new Promise<string>((done) => socket.once('data', (data) => done(String(data))))
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))
const proc = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'latin1')
const threads = (pid: number) => readdirSync(`/proc/${pid}/task`).length
const children = (pid: number) => proc(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number)
/** Where the shim is in its memory: another place in each image. */
const image = (pid: number) => /^\S+(?= r-xp .*\.node$)/m.exec(proc(pid, 'maps'))?.[0]

function qmailHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'tcpserver-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  mkdirSync(join(home, 'control'))
  writeFileSync(join(home, 'control/me'), 'mx.example\n')
  return home
}

for (const [mode, env] of MODES) {
  t.test(`the life of a connection: ${mode}`, async (t) => {
    const { port, log, process, ended } = await listen('-vRHl0', ['sh', '-c', 'echo $$; cat; exit 3'], env)
    const { socket, all } = connect(port)
    const pid = (await first(socket)).trim()
    socket.end('hello\n')
    t.equal(await all, `${pid}\nhello\n`)
    const at = '127\\.0\\.0\\.1'
    t.match(
      await log(/end .*\n.*\n/),
      new RegExp(
        `^tcpserver: status: 0/40\ntcpserver: status: 1/40\ntcpserver: pid ${pid} from ${at}\n` +
          `tcpserver: ok ${pid} 0:${at}:${port} :${at}::\\d+\ntcpserver: end ${pid} status 768\ntcpserver: status: 0/40\n$`,
      ),
    )
    process.kill('SIGTERM')
    t.equal(await ended, 0)
  })

  t.test(`what a program inherits: ${mode}`, { skip: !LINUX }, async (t) => {
    const script = 'cd /proc/$$/fd; echo *; grep -E "Sig(Blk|Ign)" /proc/self/status; env'
    const without = execFileSync('sh', ['-c', script], { encoding: 'latin1' })
    const { port } = await listen('-RHl0', ['sh', '-c', script], { ...env, BUN_X: 'kept' })
    const text = await connect(port).all
    t.equal(text.split('Sig')[0], without.split('Sig')[0], 'no descriptor more than without it')
    t.match(text, /SigBlk:\t0+\nSigIgn:\t0+\n/)
    t.match(text, /^BUN_X=kept$/m)
    t.notMatch(text, /BUN_JSC/)
  })

  t.test(`one of ours as the program: ${mode}`, async (t) => {
    const { port } = await listen('-RHl0', ['qmail-smtpd'], { ...env, QMAILHOME: qmailHome() })
    const { socket, all } = connect(port)
    t.equal(await first(socket), '220 mx.example ESMTP\r\n')
    socket.write('QUIT\r\n')
    t.equal(await all, '220 mx.example ESMTP\r\n221 mx.example\r\n')
  })

  t.test(`QUIT, HUP and TERM: ${mode}`, async (t) => {
    const prog = ['sh', '-c', 'trap "echo bye; exit 0" TERM; echo hi; read x; echo $x']
    const one = await listen('-RHl0', prog, env)
    const a = connect(one.port)
    await first(a.socket)
    one.process.kill('SIGHUP')
    await pause(300)
    a.socket.write('\n')
    t.equal(await a.all, 'hi\nbye\n', 'HUP ends the programs')
    const b = connect(one.port)
    await first(b.socket)
    one.process.kill('SIGTERM')
    t.equal(await one.ended, 0)
    b.socket.write('on\n')
    t.equal(await b.all, 'hi\non\n', 'TERM ends the listener only')
    const two = await listen('-RHl0', prog, env)
    const c = connect(two.port)
    await first(c.socket)
    two.process.kill('SIGQUIT')
    t.equal(await two.ended, 0)
    c.socket.write('\n')
    t.equal(await c.all, 'hi\nbye\n', 'QUIT ends all')
  })

  t.test(`another user: ${mode}`, { skip: !ROOT || !LINUX }, async (t) => {
    const script = 'id -u; id -g; id -G; stat -c %u /proc/$$/environ; read x'
    const { port, pid } = await listen('-RHl0 -u 65534 -g 65533', ['sh', '-c', script], env)
    const { socket, all } = connect(port)
    await first(socket)
    socket.end('\n')
    t.equal(await all, '65534\n65533\n65533\n65534\n', 'and it may look at itself, as after any exec')
    t.match(proc(pid, 'status'), /^Uid:\t65534\t65534\t65534\t/m)
  })
}

t.test('a thousand connections: one thread, and each child is a fork', { skip: !LINUX }, async (t) => {
  const { port, pid } = await listen('-RHl0', ['qmail-smtpd'], { QMAILHOME: qmailHome() })
  t.equal(proc(pid, 'comm'), 'tcpserver\n')
  for (let i = 0; i < 1000; i++) {
    const { socket, all } = connect(port)
    socket.end()
    if (!(await all).startsWith('220 ')) t.fail('no greeting')
  }
  t.equal(threads(pid), 1)
  const { socket } = connect(port)
  await first(socket)
  while (children(pid).length > 1) await pause(10) // those before it may not be gone yet
  const [child = 0] = children(pid)
  t.equal(proc(child, 'comm'), 'qmail-smtpd\n')
  t.equal(threads(child), 1)
  t.ok(image(pid))
  t.equal(image(child), image(pid), 'the same image')
  socket.destroy()
})

t.test('a hundred at a time', async (t) => {
  const { port, log } = await listen('-vRHl0 -c200 -b100', ['cat'])
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, i) => {
      const { socket, all } = connect(port)
      socket.end(`${i}`.repeat(1000))
      return all
    }),
  )
  t.same(
    all,
    Array.from({ length: 100 }, (_, i) => `${i}`.repeat(1000)),
  )
  const text = await log((text) => text.match(/ end /g)?.length === 100)
  t.equal(text.match(/ ok \d+ /g)?.length, 100)
  await log(/status: 0\/200\n$/)
})

t.test('clients that vanish', async (t) => {
  const { port, log } = await listen('-vRHl0 -B hello -C 50', ['cat'])
  for (let i = 0; i < 20; i++) {
    const { socket } = connect(port)
    await new Promise((done) => socket.once('connect', done))
    socket.resetAndDestroy()
  }
  const { socket, all } = connect(port)
  socket.end('x')
  t.equal(await all, 'hellox')
  await log(/status: 0\/40\n$/)
})

t.test('limits of one client', async (t) => {
  const rules = join(qmailHome(), 'rules.cdb')
  const pair = (key: string, value: string) => [Buffer.from(key), Buffer.from(value, 'latin1')] as const
  writeFileSync(
    rules,
    cdb([
      pair('127.0.0.1', '+MAXCONIP=1\0+A=b\0'),
      pair('127.0.0.2', '+MAXCONIP=x\0'),
      pair('127.0.0.4', '+MAXCONIP=3\0'),
      pair('', ''),
    ]),
  )
  const { port, log } = await listen(`-vRHl0 -C2 -x ${rules}`, ['sh', '-c', 'echo $A; read x'])
  const a = connect(port)
  t.equal(await first(a.socket), 'b\n')
  t.equal(await connect(port).all, '', 'the limit of its rule')
  await log(/warning: ip connection limit of 1 exceeded for: 127.0.0.1\n/)
  a.socket.end('\n')
  t.equal(await connect(port, '127.0.0.2').all, '')
  await log(/warning: dropping connection, bad MAXCONIP in .*rules.cdb\n/)
  const others = [connect(port, '127.0.0.3'), connect(port, '127.0.0.3')]
  await Promise.all(others.map(({ socket }) => first(socket)))
  t.equal(await connect(port, '127.0.0.3').all, '')
  await log(/ip connection limit of 2 exceeded for: 127.0.0.3\n/)
  const more = [0, 0, 0].map(() => connect(port, '127.0.0.4'))
  await Promise.all(more.map(({ socket }) => first(socket)))
  t.equal(await connect(port, '127.0.0.4').all, '', 'a rule may raise the limit')
  await log(/ip connection limit of 3 exceeded for: 127.0.0.4\n/)
  for (const { socket } of [...others, ...more]) socket.end('\n')
  await Promise.all([...others, ...more].map(({ all }) => all))
})

t.test('no descriptor left for a connection', { skip: !LINUX || !existsSync('/usr/bin/prlimit') }, async (t) => {
  const { port, pid, log, process } = await listen('-RHl0', ['echo', 'hi'])
  t.equal(await connect(port).all, 'hi\n')
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let free = 0
  while (used.has(free)) free++
  execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${free}:4096`])
  const { all } = connect(port)
  await log(/^tcpserver: warning: unable to accept: too many open files\n$/)
  const before = proc(pid, 'stat').split(' ').slice(13, 15).map(Number)
  await pause(1000)
  const after = proc(pid, 'stat').split(' ').slice(13, 15).map(Number)
  t.ok((after[0] ?? 0) + (after[1] ?? 0) - (before[0] ?? 0) - (before[1] ?? 0) < 10, 'it does not spin')
  execFileSync('prlimit', ['--pid', `${pid}`, '--nofile=4096:4096'])
  t.equal(await all, 'hi\n')
  process.kill('SIGTERM')
})

t.test('no process left for a connection', { skip: !ROOT || !existsSync('/usr/bin/prlimit') }, async (t) => {
  const user = '54399' // nobody else's, or the limit would count others' processes
  const { port, log } = await listen(`-vRHl0 -u ${user}`, ['cat'], {}, ['prlimit', '--nproc=2'])
  const { socket, all } = connect(port)
  socket.write('a')
  await first(socket)
  t.equal(await connect(port).all, '')
  await log(/warning: dropping connection, unable to fork: temporary failure\ntcpserver: status: 1\/40\n/)
  socket.end('b')
  t.equal(await all, 'ab')
  await log(/status: 0\/40\n$/)
  const after = connect(port)
  after.socket.end('c')
  t.equal(await after.all, 'c')
})

t.test('ident', { skip: !ROOT }, async (t) => {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (data) => {
      asked.push(String(data))
      if (asked.length > 1) return
      socket.write(`${String(data).trim()} : USERID : UN`)
      setTimeout(() => socket.end('IX : so me\tone\r\n'), 50)
    })
  })
  await new Promise<void>((done) => server.listen(113, '127.0.0.9', done))
  t.teardown(() => server.close())
  const script = 'echo "$TCPREMOTEINFO" $' + '{TCPREMOTEINFO-unset}'
  const { port, log } = await listen('-vrHl0 -t1', ['sh', '-c', script])
  const { socket, all } = connect(port, '127.0.0.9')
  const from = await new Promise<number | undefined>((done) => socket.once('connect', () => done(socket.localPort)))
  t.equal(await all, 'someone someone\n')
  t.same(asked, [`${from} , ${port}\r\n`])
  t.match(await log(/ok/), new RegExp(`:127\\.0\\.0\\.9:someone:${from}\n`))
  const start = Date.now()
  t.equal(await connect(port, '127.0.0.9').all, ' unset\n', 'it does not answer')
  t.ok(Date.now() - start >= 1000 && Date.now() - start < 5000)
  t.equal(await connect(port, '127.0.0.8').all, ' unset\n', 'there is none')
})

t.test('names of clients', async (t) => {
  const dns = await NameServer.start({
    '1.0.0.127.in-addr.arpa': { PTR: ['true.example'] },
    '2.0.0.127.in-addr.arpa': { PTR: ['LIAR.Example'] },
    'true.example': { A: ['192.0.2.1', '127.0.0.1'] },
    'liar.example': { A: ['192.0.2.1'] },
  })
  t.teardown(() => dns.close())
  const env = { DNSCACHEIP: `127.0.0.1:${dns.port}`, TCPREMOTEHOST: 'stale' }
  const prog = ['sh', '-c', 'echo $TCPLOCALHOST $' + '{TCPREMOTEHOST-unset}']
  const believing = await listen('-R', prog, env)
  t.equal(await connect(believing.port, '127.0.0.2').all, 'true.example liar.example\n')
  t.equal(await connect(believing.port, '127.0.0.3').all, 'true.example unset\n')
  const paranoid = await listen('-Rpl0', prog, env)
  t.equal(await connect(paranoid.port, '127.0.0.1').all, '0 true.example\n')
  t.equal(await connect(paranoid.port, '127.0.0.2').all, '0 unset\n')
})
