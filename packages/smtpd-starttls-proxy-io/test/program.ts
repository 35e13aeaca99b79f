import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import t, { type Test } from 'tap'

const PROGRAM = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'smtpd-starttls-proxy-io')
const TLS = { SSLCTLFD: '3', SSLREADFD: '4', SSLWRITEFD: '5' }

const dir = mkdtempSync(join(tmpdir(), 'proxy-'))
t.teardown(() => rmSync(dir, { recursive: true }))

/** A server that answers each line at once and ends at QUIT or at the end of its input. */
const SERVER = `#!/bin/sh
env | grep SSL >"$0.env"; ls /proc/$$/fd >"$0.fds"; echo $$ >"$0.pid"
printf '%s\\r\\n' "\${GREETING-220 server}"
while read -r line; do
  line=\${line%?}
  echo "$line" >>"$0.saw"
  case $line in
  EHLO*) printf '250-server\\r\\n250-SIZE\\r\\n250 8BITMIME\\r\\n';;
  RSET) printf '%s reset\\r\\n' \${RSET-250};;
  HELP) printf '214-one\\r\\n214 two\\r\\n';;
  LARGE) head -c 3000000 /dev/zero;;
  DIE) printf '421 dying\\r\\n'; exit 7;;
  QUIT) printf '221 bye\\r\\n'; exit 3;;
  *) printf '250 saw %s\\r\\n' "$line";;
  esac
done
echo eof >>"$0.saw"
exit 4
`
let servers = 0

/** A stream whose output is waited for. */
class End {
  readonly stream: Duplex
  #text = ''
  #over = false

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (data: Buffer) => {
      this.#text += data.toString('latin1')
    })
    stream.on('close', () => {
      this.#over = true
    })
    stream.on('end', () => {
      this.#over = true
    })
    stream.on('error', () => undefined)
  }

  send(text: string): void {
    this.stream.write(text, 'latin1')
  }

  /** The next bytes that come, exactly these; what has come instead if not. */
  async expect(text: string): Promise<string> {
    for (let i = 0; this.#text.length < text.length && !this.#over && i < 500; i++) await pause()
    const found = this.#text.slice(0, text.length)
    this.#text = this.#text.slice(text.length)
    return found
  }

  /** Everything until the end. */
  async rest(): Promise<string> {
    for (let i = 0; !this.#over && i < 1000; i++) await pause()
    return this.#over ? this.#text : `${this.#text} and no end`
  }
}

const pause = (ms = 10) => new Promise((done) => setTimeout(done, ms))

interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly argv?: (server: string) => readonly string[]
}

function start({ env = {}, argv = (server) => [server] }: Options = {}) {
  const server = join(dir, `server${servers++}`)
  writeFileSync(server, SERVER)
  chmodSync(server, 0o755)
  const child = spawn(PROGRAM, argv(server), {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', ...TLS, ...env },
  })
  const ends = (child.stdio as unknown as Duplex[]).map((stream) => new End(stream))
  const [input, output, log, control, toProgram, fromProgram] = ends as [End, End, End, End, End, End]
  const code = new Promise((done) => child.on('exit', (code, signal) => done(signal ?? code)))
  const saw = (what: string) => readFileSync(`${server}.${what}`, 'latin1')
  const send = (text: string) => input.send(text)
  /** Commands with the replies that have to come. */
  const talk = async (t: Test, pairs: Readonly<Record<string, string>>) => {
    for (const [line, reply] of Object.entries(pairs)) {
      send(`${line}\r\n`)
      t.equal(await output.expect(reply), reply, line)
    }
  }
  return { child, code, input, output, log, control, toProgram, fromProgram, saw, send, talk }
}

const GREETING = '220 server\r\n'
const HELLO = '250-server\r\n250-SIZE\r\n250-STARTTLS\r\n250 8BITMIME\r\n'

t.test('before TLS', async (t) => {
  const { code, output, talk, saw, child, control } = start()
  t.equal(await output.expect(GREETING), GREETING)
  await talk(t, {
    'EHLO x': HELLO,
    NOOP: '250 ok\r\n',
    HELP: '214-one\r\n214 two\r\n',
    RSET: '250 reset\r\n',
    'VRFY x': '250 saw VRFY x\r\n',
    'EXPN x': '250 saw EXPN x\r\n',
    'RCPT TO:<a@b>': '503 MAIL first (#5.5.1)\r\n',
    DATA: '503 MAIL first (#5.5.1)\r\n',
    'AUTH PLAIN x': '500 unrecognized (#5.5.1)\r\n',
    'STARTTLS x': '501 Syntax error (no parameters allowed) (#5.5.4)\r\n',
    QUIT: '221 bye\r\n',
  })
  t.equal(await output.rest(), '')
  t.equal(await code, 3, 'the exit code is the server’s')
  t.equal(saw('saw'), 'EHLO x\nHELP\nRSET\nVRFY x\nEXPN x\nQUIT\n')
  t.equal(saw('pid').trim(), String(child.pid), 'and so is the process')
  t.equal(saw('env'), '', 'it does not know of TLS')
  t.same(
    saw('fds')
      .trim()
      .split('\n')
      .filter((fd) => Number(fd) < 10),
    ['0', '1', '2'],
  )
  t.equal(await control.rest(), '', 'nobody has asked for TLS')
})

t.test('pipelined, and one byte at a time', async (t) => {
  const commands = 'EHLO x\r\nNOOP\r\nRSET\r\nNOOP\r\nHELP\r\nDATA\r\nQUIT\r\n'
  const replies = `${GREETING}${HELLO}250 ok\r\n250 reset\r\n250 ok\r\n214-one\r\n214 two\r\n503 MAIL first (#5.5.1)\r\n221 bye\r\n`
  for (const size of [commands.length, 1]) {
    const { output, send } = start()
    for (let at = 0; at < commands.length; at += size) {
      send(commands.slice(at, at + size))
      if (size === 1) await pause(1)
    }
    t.equal(await output.rest(), replies, `pieces of ${size}: in order`)
  }
})

for (const first of ['HELO x', 'MAIL FROM:<a@b>'])
  t.test(`without TLS, from ${first} on`, async (t) => {
    const { code, input, output, talk, send, saw, control, fromProgram } = start()
    await output.expect(GREETING)
    await talk(t, { [first]: `250 saw ${first}\r\n` })
    t.equal(await control.rest(), '')
    t.equal(await fromProgram.rest(), '', 'TLS is given up for good')
    await talk(t, { NOOP: '250 saw NOOP\r\n', STARTTLS: '250 saw STARTTLS\r\n', DATA: '250 saw DATA\r\n' })
    send(`${'y'.repeat(100_000)}\r\n`)
    t.equal(await output.expect('250 saw yyy'), '250 saw yyy')
    send('LARGE\r\n')
    t.equal((await output.expect(`${'y'.repeat(99_997)}\r\n${'\0'.repeat(3_000_000)}`)).length, 3_099_999)
    input.stream.end('no line feed')
    t.equal(await output.rest(), '')
    t.equal(await code, 4)
    t.ok(saw('saw').endsWith('\neof\n'), 'the client’s end is passed on')
  })

t.test('what came with the first command is passed on', async (t) => {
  const { output, send } = start()
  send('NOOP\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nNOOP\r\nQUIT\r\n')
  const replies = '250 ok\r\n250 saw MAIL FROM:<a@b>\r\n250 saw RCPT TO:<c@d>\r\n250 saw NOOP\r\n221 bye\r\n'
  t.equal(await output.rest(), GREETING + replies)
})

t.test('TLS', async (t) => {
  const { code, output, talk, saw, control, toProgram, fromProgram, input } = start()
  await output.expect(GREETING)
  await talk(t, { 'EHLO x': HELLO, STARTTLS: '220 Ready to start TLS (#5.7.0)\r\n' })
  t.equal(await control.expect('Y'), 'Y')
  input.send('never read')
  toProgram.send('EHLO y\r\nNOOP\r\n')
  await pause(50)
  control.send('SSL_PROTOCOL=TLSv1.3\0RELAYCLIENT=\0\0')
  const replies = '250-server\r\n250-SIZE\r\n250 8BITMIME\r\n250 saw NOOP\r\n'
  t.equal(await fromProgram.expect(replies), replies, 'no second offer')
  toProgram.send('QUIT\r\n')
  t.equal(await fromProgram.rest(), '221 bye\r\n')
  t.equal(await output.rest(), '', 'nothing more in the clear')
  t.equal(await code, 3)
  t.equal(saw('saw'), 'EHLO x\nRSET\nEHLO y\nNOOP\nQUIT\n')
})

t.test('nothing may follow STARTTLS', async (t) => {
  const { output, send, control, saw } = start()
  send('STARTTLS\r\nNOOP\r\nQUIT\r\n')
  t.equal(await output.rest(), `${GREETING}503 nothing may follow STARTTLS (#5.5.1)\r\n250 ok\r\n221 bye\r\n`)
  t.equal(await control.rest(), '')
  t.equal(saw('saw'), 'QUIT\n')
})

t.test('a server that is not reset', async (t) => {
  const { output, talk, control } = start({ env: { RSET: '502' } })
  await output.expect(GREETING)
  const refusal = '454 TLS not available, the server could not be reset (#4.7.0)\r\n'
  await talk(t, { STARTTLS: refusal, NOOP: '250 ok\r\n', QUIT: '221 bye\r\n' })
  t.equal(await control.rest(), '')
})

for (const answer of ['', 'SSL_PROTOCOL=x\0'])
  t.test(`a failed handshake, after ${answer.length} bytes`, async (t) => {
    const { code, output, talk, control, fromProgram, saw } = start()
    await output.expect(GREETING)
    await talk(t, { STARTTLS: '220 Ready to start TLS (#5.7.0)\r\n' })
    await control.expect('Y')
    control.stream.end(answer)
    t.same([await output.rest(), await fromProgram.rest(), await code], ['', '', 4])
    t.equal(saw('saw'), 'RSET\neof\n')
  })

t.test('clients that misbehave', async (t) => {
  const long = start()
  await long.output.expect(GREETING)
  long.send('x'.repeat(1024))
  t.same([await long.output.rest(), await long.code], ['', 4], 'a line without end')
  const fits = start()
  await fits.output.expect(GREETING)
  await fits.talk(t, { [`NOOP ${'x'.repeat(1016)}`]: '250 ok\r\n' })
  fits.input.stream.end()
  t.same([await fits.output.rest(), await fits.code], ['', 4], 'no QUIT')
  const silent = start()
  silent.input.stream.end()
  t.same([await silent.output.rest(), await silent.code], [GREETING, 4], 'not a word')
  const deaf = start()
  deaf.output.stream.pause()
  deaf.output.stream.destroy()
  deaf.send('HELP\r\n')
  t.equal(await deaf.code, 4, 'one that reads nothing and has gone')
})

t.test('servers that misbehave', async (t) => {
  const dies = start()
  await dies.output.expect(GREETING)
  await dies.talk(t, { 'MAIL x': '250 saw MAIL x\r\n', DIE: '421 dying\r\n' })
  t.same([await dies.output.rest(), await dies.code], ['', 7])
  const argv = (script: string) => ({ argv: () => ['sh', '-c', script] })
  const alone = start(argv("printf '220 x\\r\\n'; sleep 0.2; printf '421 late\\r\\n'; exit 1"))
  t.equal(await alone.output.rest(), '220 x\r\n421 late\r\n', 'what it says of its own accord is passed on')
  const noise = start(argv('echo hello; exec cat >/dev/null'))
  t.same([await noise.output.rest(), await noise.code], ['', 0])
  t.match(await noise.log.rest(), /^smtpd-starttls-proxy-io: fatal: the server does not speak SMTP\n$/)
  const flood = start(argv("while :; do printf '220-x\\r\\n'; done"))
  t.equal(await flood.output.rest(), '')
  t.match(await flood.code, 'SIGPIPE')
  t.equal(await start(argv('exit 0')).output.rest(), '')
})

t.test('wrong surroundings', async (t) => {
  const code = async (options: Options) => {
    const { code, log, input } = start(options)
    input.stream.end()
    return [await code, (await log.rest()).replace(/^[^:]*: /, '')]
  }
  const usage = 'usage: smtpd-starttls-proxy-io [ -- ] prog\n'
  t.same(await code({ argv: () => [] }), [100, usage])
  t.same(await code({ argv: () => ['--'] }), [100, usage])
  for (const name of Object.keys(TLS))
    for (const value of ['', 'x', '-1', '77'])
      t.match(await code({ env: { [name]: value } }), [100, /^fatal: SSLCTLFD, SSLREADFD, SSLWRITEFD must name open/])
  t.match(await code({ argv: () => ['no-such-program'] }), [
    111,
    /^fatal: unable to run no-such-program: file does not/,
  ])
  const dashes = start({ argv: (server) => ['--', server] })
  t.equal(await dashes.output.expect(GREETING), GREETING)
  dashes.input.stream.end()
})

t.test('with new images', async (t) => {
  const { output, talk, saw, child, code } = start({ env: { MOREQMAIL_EXEC: 'always' } })
  await output.expect(GREETING)
  await talk(t, { 'EHLO x': HELLO, 'MAIL x': '250 saw MAIL x\r\n', QUIT: '221 bye\r\n' })
  t.equal(await code, 3)
  t.equal(saw('pid').trim(), String(child.pid))
})
