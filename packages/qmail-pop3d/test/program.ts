import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'

/** It does not run as root. */
const USER = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {}
const PROGRAM = `${programs()}/qmail-pop3d`

/** Where that user can run the programs: a copy, if the built ones are out of reach. */
function programs(): string {
  const built = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
  if (spawnSync(`${built}/qmail-pop3d`, ['--version'], USER).status === 0) return built
  const copy = mkdtempSync(join(tmpdir(), 'bin-'))
  chmodSync(copy, 0o755)
  for (const name of ['moreqmail', 'moreqmail.node']) copyFileSync(join(built, name), join(copy, name))
  symlinkSync('moreqmail', join(copy, 'qmail-pop3d'))
  t.teardown(() => rmSync(copy, { recursive: true }))
  return copy
}

const MESSAGES = { 'new/1': 'Subject: one\n\nhello\n', 'cur/2:2,S': 'Subject: two\n\n.\nlast' }

interface Session {
  readonly files?: Readonly<Record<string, string | Buffer>>
  readonly input: Iterable<string | Buffer>
  readonly pause?: number
  /** Done in the Maildir when the greeting has come. */
  readonly meanwhile?: (dir: string) => void
  readonly deaf?: boolean
}

/** One session: how it has ended, what it has said after its greeting, and which files are there then. */
async function session({ files = MESSAGES, input, pause = 0, meanwhile, deaf = false }: Session) {
  const dir = mkdtempSync(join(tmpdir(), 'pop3d-'))
  for (const name of ['new', 'cur', 'tmp']) mkdirSync(join(dir, name))
  Object.entries(files).forEach(([name, text], i) => {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
    utimesSync(join(dir, name), 1000 + i, 1000 + i)
  })
  if (USER.uid !== undefined)
    for (const name of [dir, ...['new', 'cur', 'tmp'].map((name) => join(dir, name))])
      chownSync(name, USER.uid, USER.gid)
  const child = spawn(PROGRAM, [dir], { ...USER, env: {} })
  const end = new Promise<number | string | null>((done) =>
    child.on(deaf ? 'exit' : 'close', (code, signal) => done(signal ?? code)),
  )
  const parts: Buffer[] = []
  child.stdin.on('error', () => {}) // it may end before it has read all
  if (!deaf) child.stdout.on('data', (data: Buffer) => parts.push(data))
  if (meanwhile !== undefined) {
    while (parts.length === 0) await sleep(5)
    meanwhile(dir)
  }
  for (const piece of input) {
    child.stdin.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
    await sleep(pause)
  }
  if (deaf) child.stdout.destroy()
  child.stdin.end()
  const code = await end
  const left = ['new', 'cur', 'tmp'].flatMap((name) =>
    existsSync(join(dir, name)) ? readdirSync(join(dir, name)).map((file) => `${name}/${file}`) : [],
  )
  chmodSync(dir, 0o700)
  rmSync(dir, { recursive: true })
  const text = Buffer.concat(parts).toString('latin1')
  return { code, greeting: text.slice(0, 6), out: text.slice(6), left: left.sort() }
}

const BEFORE = ['cur/2:2,S', 'new/1']

t.test('end of file at every byte', async (t) => {
  const text = 'RETR 1\r\nDELE 2\r\nQUIT\r\n'
  const whole = await session({ input: [text] })
  t.equal(whole.out, '+OK \r\nSubject: one\r\n\r\nhello\r\n\r\n.\r\n+OK \r\n+OK \r\n')
  t.same(whole.left, ['cur/1:2,'])
  for (let n = 0; n < text.length - 1; n++) {
    const { code, greeting, out, left } = await session({ input: [text.slice(0, n)] })
    t.equal(code, 0, `${n} bytes`)
    t.equal(greeting, '+OK \r\n')
    t.ok(whole.out.startsWith(out))
    t.same(left, BEFORE, 'nothing was removed or moved')
  }
})

t.test('one byte at a time', async (t) => {
  const { out } = await session({ input: 'TOP 2 1\r\nSTAT\r\nQUIT\r\n', pause: 1 })
  t.equal(out, '+OK \r\nSubject: two\r\n\r\n..\r\n\r\n.\r\n+OK 2 40\r\n+OK \r\n')
})

t.test('many commands at once', async (t) => {
  const { out } = await session({ input: ['STAT\r\n'.repeat(5000), 'QUIT\r\n'] })
  t.ok(out === `${'+OK 2 40\r\n'.repeat(5000)}+OK \r\n`)
})

t.test('a line of 10 MB', async (t) => {
  const { code, out } = await session({ input: [Buffer.alloc(10_000_000, 'x'), '\r\nSTAT\r\nQUIT\r\n'] })
  t.equal(code, 0)
  t.equal(out, '-ERR line too long\r\n+OK 2 40\r\n+OK \r\n')
  const endless = await session({ input: [Buffer.alloc(10_000_000, 'x')] })
  t.equal(endless.out, '')
  t.same(endless.left, BEFORE)
})

t.test('any bytes of a message', async (t) => {
  const text = '\0\xff\r\n.\r\n..\n\r\n.QUIT\n\n.'
  const { out } = await session({ files: { 'new/x': Buffer.from(text, 'latin1') }, input: ['RETR 1\r\nQUIT\r\n'] })
  const lines = ['\0\xff\r', '..\r', '...', '\r', '..QUIT', '', '..', '', '.']
  t.equal(out, `+OK \r\n${lines.join('\r\n')}\r\n+OK \r\n`)
  const empty = await session({ files: { 'new/x': '' }, input: ['RETR 1\r\nQUIT\r\n'] })
  t.equal(empty.out, '+OK \r\n\r\n.\r\n+OK \r\n')
})

t.test('large messages', async (t) => {
  const line = Buffer.alloc(10_000_000, '.')
  const lines = Buffer.from('.line of a message\n'.repeat(500_000))
  const { out } = await session({
    files: { 'new/1': line, 'new/2': lines },
    input: ['RETR 1\r\nRETR 2\r\nTOP 2 3\r\nQUIT\r\n'],
  })
  const whole = `+OK \r\n.${line}\r\n\r\n.\r\n+OK \r\n${'..line of a message\r\n'.repeat(500_000)}\r\n.\r\n`
  t.ok(out.startsWith(whole))
  t.equal(
    out.length,
    whole.length + '+OK \r\n'.length * 2 + 500_000 * '..line of a message\r\n'.length + '\r\n.\r\n'.length,
  )
})

t.test('a message that has gone', async (t) => {
  const gone = await session({
    input: ['RETR 1\r\nTOP 1 1\r\nDELE 1\r\nDELE 2\r\nQUIT\r\n'],
    meanwhile: (dir) => rmSync(join(dir, 'new/1')),
  })
  const error = '-ERR unable to open that message\r\n'
  t.equal(gone.out, `${error}${error}+OK \r\n+OK \r\n-ERR unable to unlink all deleted messages\r\n`)
  t.equal(gone.code, 0)
  t.same(gone.left, [], 'what can be removed is')
  const stayed = await session({ input: ['QUIT\r\n'], meanwhile: (dir) => rmSync(join(dir, 'new/1')) })
  t.equal(stayed.out, '+OK \r\n', 'a failed rename does not matter')
})

t.test('a message that can be opened but not read', async (t) => {
  const { code, out, left } = await session({
    input: ['DELE 2\r\nRETR 1\r\nQUIT\r\n'],
    meanwhile: (dir) => {
      rmSync(join(dir, 'new/1'))
      mkdirSync(join(dir, 'new/1'))
    },
  })
  t.equal(out, '+OK \r\n+OK \r\n')
  t.equal(code, 0)
  t.same(left, ['cur/2:2,S', 'new/1'], 'nothing is removed')
})

t.test('names with colons', async (t) => {
  const { out, left } = await session({ files: { 'new/a:b': 'x' }, input: ['UIDL\r\nQUIT\r\n'] })
  t.equal(out, '+OK \r\n1 a\r\n.\r\n+OK \r\n')
  t.same(left, ['cur/a:b:2,'])
})

t.test('a client that never reads', async (t) => {
  const { code, left } = await session({
    files: { 'new/1': Buffer.alloc(20_000_000, 'x') },
    input: ['RETR 1\r\nDELE 1\r\nQUIT\r\n'],
    pause: 100,
    deaf: true,
  })
  t.equal(code, 0, 'no signal')
  t.same(left, ['new/1'])
})
