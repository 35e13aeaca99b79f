import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const program = `${BIN}/qmail-logjson`
const home = mkdtempSync(join(tmpdir(), 'logjson-'))
t.teardown(() => rmSync(home, { recursive: true }))

function convert(input: string | Buffer, words: readonly string[] = []) {
  const bytes = typeof input === 'string' ? Buffer.from(input, 'latin1') : input
  const { status, stdout, stderr } = spawnSync(program, words, {
    input: bytes,
    timeout: 20_000,
    maxBuffer: 100_000_000,
  })
  return { status, out: stdout, err: stderr.toString('latin1') }
}

/** The objects, each of which has to be a line of UTF-8. */
function objects(out: Buffer): ReadonlyArray<Record<string, unknown>> {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(out)
  return text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => JSON.parse(line))
}

const messages = (out: Buffer) => objects(out).map(({ msg }) => msg)

t.test('each line is an object', async (t) => {
  const began = Date.now()
  const { status, out, err } = convert('new msg 93\n@4000000037c219bf2ef02e94 tcpserver: status: 1/40\n\nodd\nlast')
  const all = objects(out)
  t.same([status, err], [0, ''])
  t.same(
    all.slice(0, 2).map(({ time, ...rest }) => rest),
    [
      { level: 30, program: 'qmail-send', event: 'new', message: 93, msg: 'new msg 93' },
      { level: 30, program: 'tcpserver', event: 'status', count: 1, limit: 40, msg: 'tcpserver: status: 1/40' },
    ],
  )
  t.equal(all[1]?.['time'], 935467445787)
  for (const i of [0, 2, 3, 4]) {
    t.ok(Number(all[i]?.['time']) >= began && Number(all[i]?.['time']) <= Date.now(), 'now')
  }
  for (const [i, msg] of ['', 'odd', 'last'].entries())
    t.same(
      Object.entries(all[i + 2] ?? {}).filter(([name]) => name !== 'time'),
      [
        ['level', 30],
        ['msg', msg],
      ],
    )
})

t.test('levels', async (t) => {
  const { out } = convert('x\nx: warning: y\nalert: y\nx: fatal: y\n')
  t.same(
    objects(out).map(({ level }) => level),
    [30, 40, 50, 60],
  )
})

t.test('any bytes', async (t) => {
  const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    .toString('latin1')
    .replace('\n', '')
  const { status, out } = convert(`${every}\r\n%s %d %j %\n"\\\n\0\n`)
  t.equal(status, 0)
  t.notMatch(out.toString('latin1'), /[\0-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/)
  const ascii = every.slice(0, 127)
  const named = every.slice(127).replace(/./gsu, (c) => `\\x${c.charCodeAt(0).toString(16).toUpperCase()}`)
  t.same(messages(out), [`${ascii}${named}\r`, '%s %d %j %', '"\\', '\0'])
})

t.test('nothing comes, nothing goes', async (t) => {
  t.same(convert(''), { status: 0, out: Buffer.from(''), err: '' })
  t.same(messages(convert('\n').out), [''])
})

t.test('long lines come in pieces', async (t) => {
  for (const length of [65535, 65536, 65537, 131072, 200_000]) {
    const line = 'é'.repeat(length / 2).padEnd(length - Math.floor(length / 2), 'x')
    const { status, out } = convert(`${Buffer.from(line, 'utf8').toString('latin1')}\nnew msg 1\n`)
    const all = objects(out)
    const pieces = all.slice(0, -1)
    t.equal(status, 0)
    t.equal(pieces.map(({ msg }) => msg).join(''), line, `${length}`)
    if (pieces.length > 1) {
      t.same(
        pieces.map(({ part }) => part),
        pieces.map((_, i) => i + 1),
      )
      t.same(
        pieces.map(({ last }) => last === true),
        pieces.map((_, i) => i === pieces.length - 1),
      )
    }
    t.equal(all.at(-1)?.['event'], 'new', 'the next line is itself again')
  }
})

t.test('10 MB without an LF need little memory', { skip: process.platform !== 'linux' }, async (t) => {
  const peak = (size: number) => {
    const script = 'cat >/dev/null; grep VmHWM /proc/$PPID/status'
    const { status, out } = convert(Buffer.alloc(size, 'x'), ['sh', '-c', script])
    t.equal(status, 0)
    return Number(/\d+/.exec(out.toString())?.[0])
  }
  const [little, much] = [peak(10), peak(10_000_000)]
  t.ok(much < little + 60_000, `${much} kB after ${little} kB`)
  t.equal(messages(convert(Buffer.alloc(10_000_000, 'x')).out).join('').length, 10_000_000)
})

t.test('many lines at once, none lost', async (t) => {
  const lines = Array.from({ length: 50_000 }, (_, i) => `tcpserver: end ${i} status 0`)
  t.same(messages(convert(lines.join('\n')).out), lines)
})

t.test('one byte at a time', async (t) => {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const out: Buffer[] = []
  child.stdout.on('data', (data) => out.push(data))
  for (const byte of 'new msg 1\n\xc3\xa9\nx') {
    child.stdin.write(Buffer.from(byte, 'latin1'))
    await delay(3)
  }
  child.stdin.end()
  t.same(await once(child, 'close'), [0, null])
  t.same(messages(Buffer.concat(out)), ['new msg 1', 'é', 'x'])
})

/** Started, with what it has written so far. */
async function running(words: readonly string[] = []) {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] })
  const state = { child, out: Buffer.alloc(0), err: '' }
  child.stdout.on('data', (data) => (state.out = Buffer.concat([state.out, data])))
  child.stderr.on('data', (data) => (state.err += data))
  child.stdin.write('first\n')
  while (!state.out.includes('first')) await delay(5)
  return state
}

t.test('a line is there at once', async (t) => {
  const { child } = await running()
  t.pass('before the end of file')
  child.stdin.end()
  t.same(await once(child, 'close'), [0, null])
})

t.test('pino starts no thread of its own', { skip: process.platform !== 'linux' }, async (t) => {
  const { child } = await running()
  const names = readdirSync(`/proc/${child.pid}/task`).map((task) =>
    readFileSync(`/proc/${child.pid}/task/${task}/comm`, 'utf8').trim(),
  )
  t.same(
    names.filter((name) => /worker/i.test(name) && name !== 'JITWorker'),
    [],
  )
  child.stdin.end()
  await once(child, 'close')
})

t.test('SIGTERM ends it behind the line it is in', async (t) => {
  // A pipe with a name, so that the test can read on from it.
  const fifo = join(home, 'log')
  t.equal(spawnSync('mkfifo', [fifo]).status, 0)
  const fd = openSync(fifo, 'r+')
  const child = spawn(program, { stdio: [fd, 'pipe', 'inherit'] })
  let out = Buffer.alloc(0)
  child.stdout?.on('data', (data) => (out = Buffer.concat([out, data])))
  writeFileSync(fd, 'one\ntw')
  while (!out.includes('one')) await delay(5)
  child.kill('SIGTERM')
  await delay(100)
  t.equal(child.exitCode, null, 'waits for the rest')
  writeFileSync(fd, 'o\nthree\n')
  t.same(await once(child, 'close'), [0, null])
  t.same(messages(out), ['one', 'two'])
  const rest = Buffer.alloc(100)
  t.equal(rest.toString('latin1', 0, readSync(fd, rest)), 'three\n', 'left to the next reader')
  closeSync(fd)
})

t.test('SIGTERM between two lines', async (t) => {
  const { child } = await running()
  child.kill('SIGTERM')
  t.same(await once(child, 'close'), [0, null])
})

/** Processor time of a process, in ticks. */
function ticks(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

t.test('a reader that has stopped reading', { skip: process.platform !== 'linux' }, async (t) => {
  const file = join(home, 'much')
  writeFileSync(file, 'a line\n'.repeat(100_000))
  const fd = openSync(file, 'r')
  const child = spawn(program, { stdio: [fd, 'pipe', 'pipe'] })
  closeSync(fd)
  let err = ''
  child.stderr?.on('data', (data) => (err += data))
  let before = -1
  for (let now = ticks(child); now !== before; now = ticks(child)) {
    before = now
    await delay(500)
  }
  t.equal(child.exitCode, null, 'waits, and uses no time')
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [111, null])
  child.stdout?.destroy()
  await once(child, 'close')
  t.equal(err, 'qmail-logjson: fatal: unable to write, lines are lost: nobody reads\n')
})

t.test('a reader that has gone', async (t) => {
  const state = await running()
  state.child.stdout.destroy()
  t.same(await once(state.child, 'exit'), [111, null], 'at once, though no line comes')
  t.equal(state.err, 'qmail-logjson: fatal: unable to write, lines are lost: broken pipe\n')
})

t.test('a full disk', { skip: process.platform !== 'linux' }, async (t) => {
  const { status, stderr } = spawnSync('sh', ['-c', `echo x | ${program} >/dev/full`], { encoding: 'latin1' })
  t.same([status, stderr], [111, 'qmail-logjson: fatal: unable to write, lines are lost: out of disk space\n'])
})

t.test('input that cannot be read', async (t) => {
  const { status, stderr } = spawnSync('sh', ['-c', `${program} </`], { encoding: 'latin1' })
  t.same([status, stderr], [111, 'qmail-logjson: fatal: unable to read: is a directory\n'])
})

t.test('with a program that reads', async (t) => {
  const { status, out } = convert('a\nb', ['sh', '-c', 'cat; exit 7'])
  t.equal(status, 7)
  t.same(messages(out), ['a', 'b'])
  t.equal(convert('a\n', ['sh', '-c', 'cat >/dev/null; kill -9 $$']).status, 137)
  t.same(convert('a\n', ['/no/such']), {
    status: 111,
    out: Buffer.from(''),
    err: 'qmail-logjson: fatal: unable to run /no/such: file does not exist\n',
  })
  // One of our own programs, in a fork or in an image of its own.
  t.same(messages(convert('a\n', [program]).out).length, 1)
})

t.test('SIGTERM reaches the program as the end of its input', async (t) => {
  const { child } = await running(['sh', '-c', 'cat; echo end >&2; exit 3'])
  child.kill('SIGTERM')
  t.same(await once(child, 'close'), [3, null])
})
