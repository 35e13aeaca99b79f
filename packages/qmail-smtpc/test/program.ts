import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import t, { type Test } from 'tap'

const PROGRAM = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'qmail-smtpc')
const REPLIES = ['220 mx\r\n', '250 mx\r\n', '250 ok\r\n', '250 ok\r\n', '354 go\r\n', '250 queued\r\n']
const DELIVERED = 'r\0K192.0.2.1 accepted message.\nRemote host said: 250 queued\n\0'
const DIED = 'ZConnected to 192.0.2.1 but connection died. (#4.4.2)\n\0'
const DUPLICATE = 'ZConnected to 192.0.2.1 but connection died. Possible duplicate! (#4.4.2)\n\0'

interface Setting {
  readonly args?: readonly string[]
  readonly env?: Record<string, string>
  readonly control?: Record<string, string>
  /** The message: a text through a pipe, or an open file. */
  readonly message?: string | number
  readonly replies?: readonly string[]
  /** The server closes after so many bytes. */
  readonly cut?: number
  /** Bytes in one write of the server. */
  readonly size?: number
  /** A shell's redirections, for what Node can't do to descriptors. */
  readonly redirections?: string
}

interface Result {
  readonly code: number | null
  readonly signal: string | null
  readonly report: string
  readonly errors: string
  readonly heard: string
}

function makeHome(control: Record<string, string>): string {
  const home = mkdtempSync(join(tmpdir(), 'smtpc-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  mkdirSync(join(home, 'control'))
  for (const [name, text] of Object.entries({ me: 'me.example\n', ...control })) {
    if (text === '/') mkdirSync(join(home, 'control', name))
    else writeFileSync(join(home, 'control', name), text, 'latin1')
  }
  return home
}

/** The server's side: says its replies one by one, each when a command has come, and all of them only up to the cut. */
function serve(
  child: ChildProcess,
  { replies = REPLIES, cut = Number.POSITIVE_INFINITY, size = 1e6 }: Setting,
): () => string {
  const [to, from] = (child.stdio as unknown as Duplex[]).slice(6) as [Duplex, Duplex]
  let heard = ''
  let said = 0
  let next = 0
  let busy = Promise.resolve()
  const say = () => {
    const reply = replies[next++]
    if (reply === undefined) return
    busy = busy.then(async () => {
      for (let at = 0; at < reply.length && said < cut; at += size) {
        const part = reply.slice(at, Math.min(reply.length, at + size, at + cut - said))
        said += part.length
        to.write(part, 'latin1')
        if (size < 100) await new Promise((done) => setTimeout(done, 1))
      }
      if (said >= cut) {
        to.destroy()
        from.destroy()
      }
    })
  }
  for (const stream of [to, from]) stream.on('error', () => undefined)
  from.on('data', (piece: Buffer) => {
    heard += piece.toString('latin1')
    const text = heard.indexOf('DATA\r\n') + 6
    if (next < 5 || text < 6 || heard.includes('.\r\n', text)) say()
  })
  say()
  return () => heard
}

function run(setting: Setting = {}): Promise<Result> {
  const home = makeHome(setting.control ?? {})
  const args = setting.args ?? ['d.example', 's@b', 'r@d']
  const command = setting.redirections ? ['sh', '-c', `exec "$0" "$@" ${setting.redirections}`, PROGRAM] : [PROGRAM]
  const [program = '', ...first] = command
  const message = setting.message ?? 'hi\n'
  const child = spawn(program, [...first, ...args], {
    env: { PATH: '/usr/bin:/bin', QMAILHOME: home, TCPREMOTEIP: '192.0.2.1', ...setting.env },
    stdio: [
      typeof message === 'number' ? message : 'pipe',
      'pipe',
      'pipe',
      'ignore',
      'ignore',
      'ignore',
      'pipe',
      'pipe',
    ],
  })
  const heard = serve(child, setting)
  child.stdin?.on('error', () => undefined)
  if (typeof message === 'string') child.stdin?.end(message, 'latin1')
  let report = ''
  let errors = ''
  child.stdout?.on('data', (piece: Buffer) => (report += piece.toString('latin1')))
  child.stderr?.on('data', (piece: Buffer) => (errors += piece.toString('latin1')))
  return new Promise((done) => {
    child.on('close', (code, signal) => done({ code, signal, report, errors, heard: heard() }))
  })
}

/** Its report; everything else must be as always. */
async function report(t: Test, setting: Setting = {}): Promise<string> {
  const result = await run(setting)
  t.equal(result.code, 0)
  t.equal(result.errors, '')
  return result.report
}

t.test('a delivery, its replies byte by byte', async (t) => {
  t.equal(await report(t), DELIVERED)
  t.equal(await report(t, { size: 1 }), DELIVERED)
})

t.test('a server that closes after every byte', async (t) => {
  const all = REPLIES.join('').length
  for (let cut = 1; cut < all; cut++) {
    const got = await report(t, { cut })
    const wanted = cut > all - 12 ? `r\0${DUPLICATE}` : cut >= REPLIES.slice(0, 4).join('').length ? `r\0${DIED}` : DIED
    // Closed right behind the 354: whether the text is on its way by then is a matter of chance.
    if (cut === all - 12) t.ok([`r\0${DIED}`, `r\0${DUPLICATE}`].includes(got), got)
    else t.equal(got, wanted, `after ${cut} bytes`)
  }
})

t.test('a name too long for a file', async (t) => {
  const args = ['h'.repeat(255), 's@b', 'r@d']
  t.equal(await report(t, { args, control: { tlshosts: '/', notlshosts: '/' } }), DELIVERED)
})

t.test('a server that waits', async (t) => {
  const control = { timeoutremote: '1\n' }
  t.equal(await report(t, { control, replies: [] }), DIED)
  t.equal(await report(t, { control, replies: REPLIES.slice(0, 5) }), `r\0${DUPLICATE}`)
  const slow = `250-${'x'.repeat(3000)}\r\n250 x\r\n`
  const before = Date.now()
  t.equal(await report(t, { control, replies: ['220 x\r\n', slow], size: 1 }), DIED)
  t.ok(Date.now() - before < 2500, 'one deadline for the whole reply')
})

t.test('before the conversation', async (t) => {
  const improper = 'DI (qmail-smtpc) was invoked improperly. (#5.3.5)\n\0'
  for (const args of [[], ['h'], ['h', 's@b']]) t.equal(await report(t, { args }), improper)
  const unreadable = 'ZUnable to read control files. (#4.3.0)\n\0'
  for (const control of [{ me: '/' }, { me: '\n' }, { timeoutremote: '/' }, { helohost: '/' }])
    t.equal(await report(t, { control }), unreadable)
  t.equal(await report(t, { env: { QMAILHOME: '/nonexistent' } }), 'ZUnable to switch to home directory. (#4.3.0)\n\0')
  const refused = 'DSorry, I refuse to send an envelope address with a line break in it. (#5.1.3)\n\0'
  for (const args of [
    ['h', 's\n@b', 'r@d'],
    ['h', 's@b', 'r@d', 'r@d\rx'],
    ['h', 's@b>', 'r@d'],
    ['h', 's', 'r>'],
  ])
    t.equal(await report(t, { args }), refused)
})

t.test('control files and environment', async (t) => {
  const name = async (control: Record<string, string>) =>
    /EHLO (.*)\r\n/.exec((await run({ control, env: { TCPREMOTEIP: '' } })).heard)?.[1]
  t.equal(await name({}), 'me.example')
  t.equal(await name({ helohost: 'helo.example \t\nx\n' }), 'helo.example')
  t.equal(await name({ helohost: '\n' }), 'me.example')
  t.equal(await name({ me: '', helohost: 'helo.example' }), 'helo.example')
  const ip = async (env: Record<string, string>) => /Connected to (.*) but/.exec(await report(t, { env, cut: 1 }))?.[1]
  t.equal(await ip({ SSLREMOTEIP: '192.0.2.2' }), '192.0.2.1')
  t.equal(await ip({ TCPREMOTEIP: '', SSLREMOTEIP: '192.0.2.2' }), '192.0.2.2')
  t.equal(await ip({ TCPREMOTEIP: '' }), 'unknown')
})

t.test('the message as a file', async (t) => {
  const file = (text: string, skip = 0) => {
    const path = join(makeHome({}), 'message')
    writeFileSync(path, text, 'latin1')
    const fd = openSync(path, 'r')
    if (skip > 0) readSync(fd, Buffer.alloc(skip), 0, skip, null)
    t.teardown(() => closeSync(fd))
    return fd
  }
  const size = [...REPLIES]
  size[1] = '250-mx\r\n250 SIZE\r\n'
  const skipped = await run({ message: file('header\nhi\n', 7), replies: size })
  t.equal(skipped.report, DELIVERED)
  t.match(skipped.heard, 'MAIL FROM:<s@b> SIZE=3\r\n', 'from where the descriptor stands')
  t.match(skipped.heard, 'DATA\r\nhi\r\n.\r\n')
  t.match((await run({ message: file('hi\n', 3), replies: size })).heard, /SIZE=0\r\n(.|\s)*DATA\r\n\.\r\n/)
  const partial = 'r\0DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n\0'
  const known = await run({ message: file('a\nb') })
  t.equal(known.report, partial)
  t.match(known.heard, /RCPT TO:<r@d>\r\nQUIT\r\n$/)
  t.equal((await run({ message: file('a\nb\r') })).report, DELIVERED)
  const unknown = await run({ message: 'a\nb' })
  t.equal(unknown.report, partial)
  t.match(unknown.heard, /DATA\r\n$/, 'dropped')
  t.equal(await report(t, { redirections: '</' }), 'r\0ZUnable to read message. (#4.3.0)\n\0', 'a directory')
})

t.test('descriptors that are not there', async (t) => {
  t.equal(await report(t, { redirections: '6<&-' }), DIED)
  t.equal(await report(t, { redirections: '7>&-' }), DIED)
  t.equal(await report(t, { redirections: '7>&- 6<&-' }), DIED)
  t.equal((await run({ redirections: '>&-' })).code, 0, 'nobody wants the report')
  t.equal((await run({ redirections: '>/dev/full' })).code, 0)
  t.equal((await run({ redirections: '2>&-' })).report, DELIVERED)
})

/** A conversation whose server side goes on behind UCSPI-TLS: the descriptors 3 (control), 4 and 5. */
function runTls(control: (child: Duplex, asked: string) => void, env: Record<string, string> = {}): Promise<Result> {
  const home = makeHome({ timeoutremote: '1\n' })
  const child = spawn(PROGRAM, ['d.example', 's@b', 'r@d'], {
    env: { QMAILHOME: home, TCPREMOTEIP: '192.0.2.1', SSLCTLFD: '3', SSLREADFD: '4', SSLWRITEFD: '5', ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.end('hi\n')
  const streams = child.stdio as unknown as Duplex[]
  for (const stream of streams) stream.on('error', () => undefined)
  const [tlsControl, toTls, fromTls, toClear, fromClear] = streams.slice(3) as [Duplex, Duplex, Duplex, Duplex, Duplex]
  tlsControl.on('data', (asked: Buffer) => control(tlsControl, asked.toString()))
  let heard = ''
  const inClear = ['250-mx\r\n250 STARTTLS\r\n', '220 go\r\n']
  const inTls = REPLIES.slice(1)
  fromClear.on('data', (text: Buffer) => {
    heard += text.toString()
    toClear.write(inClear.shift() ?? '')
  })
  fromTls.on('data', (text: Buffer) => {
    heard += `TLS ${text.toString()}`
    toTls.write(inTls.shift() ?? '')
  })
  if (env['SMTPC_SMTPS']) toTls.write('220 mx\r\n')
  else toClear.write('220 mx\r\n')
  let report = ''
  let errors = ''
  child.stdout?.on('data', (piece: Buffer) => (report += piece.toString('latin1')))
  child.stderr?.on('data', (piece: Buffer) => (errors += piece.toString('latin1')))
  return new Promise((done) => child.on('close', (code, signal) => done({ code, signal, report, errors, heard })))
}

t.test('UCSPI-TLS', async (t) => {
  const inTls = ['EHLO me.example', 'MAIL FROM:<s@b>', 'RCPT TO:<r@d>', 'DATA', 'hi\r\n.', 'QUIT']
  const wanted = inTls.map((line) => `TLS ${line}\r\n`).join('')
  const answers = ['\0', '\0\0', 'SSL_PROTOCOL=TLSv1.3\0SSL_CIPHER=X\0UNSET\0\0', `SSL_X=${'x'.repeat(60_000)}\0\0`]
  for (const answer of answers) {
    const asked: string[] = []
    const { report, heard } = await runTls((control, what) => {
      asked.push(what)
      control.write(answer)
    })
    t.equal(report, DELIVERED)
    t.equal(heard, `EHLO me.example\r\nSTARTTLS\r\n${wanted}`)
    t.same(asked, ['Y'])
  }
  const smtps = await runTls((control) => control.write('\0\0'), { SMTPC_SMTPS: '1' })
  t.same([smtps.report, smtps.heard], [DELIVERED, wanted])
  const failed = 'ZTLS connect failed; connected to 192.0.2.1.\n\0'
  for (const answer of ['', 'SSL_X=y', 'SSL_X=y\0']) {
    const result = await runTls((control) => control.end(answer))
    t.same([result.report, result.errors, result.code], [failed, '', 0], JSON.stringify(answer))
    t.equal(result.heard, 'EHLO me.example\r\nSTARTTLS\r\n')
  }
  t.equal((await runTls(() => undefined)).report, failed, 'no answer')
  t.equal((await runTls((control) => control.write('x'.repeat(100_000)))).report, failed, 'no end of it')
})
