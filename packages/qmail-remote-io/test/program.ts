import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import t from 'tap'

const PROGRAM = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'qmail-remote-io')
const DELIVERED = 'r\0K192.0.2.1 accepted message.\nRemote host said: 250 queued\n\0'
const ENVELOPE = ['192.0.2.1', 's@b', 'r@d']

interface Result {
  readonly code: number | null
  readonly report: string
  readonly errors: string
  readonly heard: string
}

/** Plays the server on descriptors of these numbers: a reply for each piece that comes, the first ones unasked. */
function run(
  args: readonly string[],
  replies: readonly string[],
  { env = {}, unasked = 0, fds = [6, 7], control = {}, message = 'hi\n' } = {},
): Promise<Result> {
  const home = mkdtempSync(join(tmpdir(), 'remote-io-'))
  mkdirSync(join(home, 'control'))
  for (const [name, text] of Object.entries(control)) writeFileSync(join(home, 'control', name), String(text))
  const stdio = Array.from({ length: 10 }, (_, fd) => (fd < 3 || fds.includes(fd) ? 'pipe' : 'ignore'))
  const child = spawn(PROGRAM, args, {
    env: { PATH: '/usr/bin:/bin', QMAILHOME: home, ...env },
    stdio: stdio as Array<'pipe' | 'ignore'>,
  })
  const streams = child.stdio as unknown as Duplex[]
  const [to, from] = fds.map((fd) => streams[fd]) as [Duplex, Duplex]
  for (const stream of [to, from, streams[0]]) stream?.on('error', () => undefined)
  streams[0]?.end(message)
  const rest = [...replies]
  for (let i = 0; i < unasked; i++) to.write(rest.shift() ?? '')
  let heard = ''
  from.on('data', (piece: Buffer) => {
    heard += piece.toString('latin1')
    const reply = rest.shift()
    if (reply !== undefined) to.write(reply)
  })
  let report = ''
  let errors = ''
  streams[1]?.on('data', (piece: Buffer) => (report += piece.toString('latin1')))
  streams[2]?.on('data', (piece: Buffer) => (errors += piece.toString('latin1')))
  return new Promise((done) => {
    child.on('close', (code) => {
      rmSync(home, { recursive: true })
      done({ code, report, errors, heard })
    })
  })
}

const TAIL = ['250 ok\r\n', '250 ok\r\n', '354 go\r\n', '250 queued\r\n']
const SAID = 'MAIL FROM:<s@b>\r\nRCPT TO:<r@d>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n'

t.test('behind an EHLO that has been answered', async (t) => {
  for (const always of [{}, { MOREQMAIL_EXEC: 'always' }]) {
    const plain = await run(ENVELOPE, TAIL, { env: { ...always, SMTPC_EHLO: '' } })
    t.strictSame([plain.code, plain.report, plain.errors, plain.heard], [0, DELIVERED, '', SAID])
  }
  const helo = await run(ENVELOPE, TAIL)
  t.equal(helo.heard, SAID)
  const pipelining = await run(ENVELOPE, ['250 ok\r\n250 ok\r\n', ...TAIL.slice(2)], {
    env: { SMTPC_EHLO: 'PIPELINING\n' },
  })
  t.equal(pipelining.heard, SAID)
  t.equal(pipelining.report, DELIVERED)
  const login = { SMTPC_USER: 'joe', SMTPC_PASS: 'secret' }
  const cram = await run(ENVELOPE, ['334 eA==\r\n', '235 ok\r\n', ...TAIL], {
    env: { ...login, SMTPC_EHLO: 'SIZE 1000\nAUTH PLAIN CRAM-MD5' },
  })
  t.match(cram.heard, /^AUTH CRAM-MD5\r\n/, 'PLAIN is not for the clear')
  t.equal(cram.report, DELIVERED)
  const none = await run(ENVELOPE, [], { env: { ...login, SMTPC_EHLO: 'AUTH PLAIN' } })
  t.equal(none.report, 'ZConnected to 192.0.2.1 but it offers no AUTH method that I can use.\n\0')
  const clear = await run(ENVELOPE, ['235 ok\r\n', ...TAIL], {
    env: { ...login, SMTPC_EHLO: 'AUTH PLAIN' },
    control: { authclear: '1\n' },
  })
  t.equal(clear.report, DELIVERED)
})

t.test('behind TLS', async (t) => {
  const ehlo = ['250-mx\r\n250 AUTH PLAIN\r\n', '235 ok\r\n', ...TAIL]
  const env = { SMTPC_USER: 'joe', SMTPC_PASS: 'secret', SMTPC_EHLO: 'AUTH CRAM-MD5' }
  const args = ['-t', '5', '-h', 'h.example', '--', ...ENVELOPE]
  const login = 'EHLO h.example\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\n'
  t.match(await run(args, ehlo, { env }), { code: 0, report: DELIVERED, heard: login + SAID })
  const smtps = await run(args, ['220 mx\r\n', ...ehlo], { env: { ...env, SMTPC_SMTPS: '1' }, unasked: 1 })
  t.match(smtps, { code: 0, report: DELIVERED, heard: login + SAID })
  const refused = await run(args, ['554 no\r\n'], { env: { SMTPC_SMTPS: '1' }, unasked: 1 })
  t.equal(refused.report, 'ZTLS Connected to 192.0.2.1 but greeting failed.\nRemote host said: 554 no\n\0')
})

t.test('other descriptors, and none', async (t) => {
  const moved = await run(['-6', '9', '--fdw=8', ...ENVELOPE], TAIL, { fds: [9, 8] })
  t.match(moved, { report: DELIVERED, heard: SAID })
  const died = 'ZConnected to 192.0.2.1 but connection died. (#4.4.2)\n\0'
  t.match(await run(['-6', '999', ...ENVELOPE], []), { code: 0, report: died, errors: '' })
  t.match(await run(['-t', '1', ...ENVELOPE], []), { code: 0, report: died })
})

t.test('misuse', async (t) => {
  const report = async (...args: string[]) => {
    const result = await run(args, [])
    t.equal(result.code, 0)
    t.equal(result.errors, '')
    return result.report
  }
  for (const args of [[], ['ip'], ['ip', 's'], ['--', 'ip', 's'], ['-t']])
    t.equal(await report(...args), 'Dqmail-remote-io: too few arguments\n\0')
  t.equal(await report('-t', 'x', ...ENVELOPE), 'Dqmail-remote-io: invalid timeoutremote\n\0')
  t.equal(await report('-6x'), 'Dqmail-remote-io: invalid fdr\n\0')
  t.equal(await report('--fdw', '-1'), 'Dqmail-remote-io: invalid fdw\n\0')
  t.match(await report('ip', 's\n', 'r'), /^DSorry, I refuse to send an envelope address/)
  t.equal((await run(ENVELOPE, [], { env: { QMAILHOME: '/nonexistent' } })).report.charAt(0), 'Z')
})
