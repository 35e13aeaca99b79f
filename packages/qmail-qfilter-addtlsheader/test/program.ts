import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const PROGRAM = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'qmail-qfilter-addtlsheader')
const TLS = { SSL_PROTOCOL: 'TLSv1.3', SSL_CIPHER: 'AES' }
const LINE = /^Received: \(ucspitls TLSv1\.3 AES\); \d+ [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000\n/

type Stdio = 'pipe' | 'ignore' | number

async function run(message: string, env: Record<string, string>, stdio: Stdio[] = ['pipe', 'pipe', 'pipe']) {
  const child = spawn(PROGRAM, ['ignored'], { stdio, env })
  const pieces: Buffer[] = []
  child.stdout?.on('data', (data: Buffer) => pieces.push(data))
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(message, 'latin1')
  const code = await new Promise((done) => child.on('close', (code, signal) => done(signal ?? code)))
  return { code, out: Buffer.concat(pieces).toString('latin1') }
}

t.test('the message stays as it is', async (t) => {
  const messages = ['', 'x', '\n', 'a\0b\r\r\n\xff', 'Subject: x\n\nx'.repeat(100_000), 'y'.repeat(10_000_000)]
  for (const message of messages) {
    const none = await run(message, {})
    t.ok(none.code === 0 && none.out === message, `${message.length} bytes, without TLS`)
    const { code, out } = await run(message, TLS)
    t.ok(code === 0 && LINE.test(out) && out.replace(LINE, '') === message, `${message.length} bytes, with TLS`)
  }
})

t.test('a file is read from its beginning', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'moreqmail-tls-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'message'), 'Subject: x\n\ny\n')
  const file = openSync(join(directory, 'message'), 'r')
  readSync(file, Buffer.alloc(5))
  t.equal((await run('', {}, [file, 'pipe', 'pipe'])).out, 'Subject: x\n\ny\n')
})

t.test('trouble', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.equal((await run('x', {}, ['pipe', full, 'pipe'])).code, 53)
  t.equal((await run('', TLS, ['pipe', full, 'pipe'])).code, 53)
  t.equal((await run('', TLS, [openSync('/', 'r'), 'pipe', 'pipe'])).code, 54)
})
