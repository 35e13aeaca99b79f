import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { plain, session } from './support/session.ts'

const MESSAGE = 'HELO h\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nS: x\r\n\r\n..y\r\nz\r\r\n.\r\nQUIT\r\n'
const STORED = 'Received: from unknown (HELO h) (192.0.2.1)\n  by unknown with SMTP; DATE\nS: x\n\n.y\nz\r\n'
const REPLIES =
  '220 mx.example ESMTP\r\n250 mx.example\r\n250 ok\r\n250 ok\r\n354 go ahead\r\n250 queued\r\n221 mx.example\r\n'

t.test('end of file at every byte', async (t) => {
  const complete = MESSAGE.indexOf('\r\n.\r\n') + 5
  for (let length = 0; length <= MESSAGE.length; length++) {
    const input = MESSAGE.slice(0, length)
    const { code, out, err, file } = await session({ input: [input] })
    const name = JSON.stringify(input)
    t.equal(code, length < MESSAGE.length ? 1 : 0, name)
    t.equal(err, '', name)
    t.equal(file('env'), length < complete ? undefined : 'Fa@b\0Tc@d\0\0', name)
    // Every command that has come whole has been answered, and nothing else.
    const commands = MESSAGE.slice(0, complete - 5)
      .split('\r\n')
      .slice(0, 4)
    const seen = input.split('\n').length - 1
    const answered = length >= complete ? (length < MESSAGE.length ? 6 : 7) : 1 + Math.min(seen, commands.length)
    t.equal(plain(out), REPLIES.split('\r\n').slice(0, answered).join('\r\n').concat('\r\n'), name)
  }
})

t.test('one byte at a time', async (t) => {
  const { code, out, err, file } = await session({ input: MESSAGE })
  t.equal(code, 0)
  t.equal(err, '')
  t.equal(plain(file('msg')), STORED)
  t.equal(plain(out), REPLIES)
})

t.test('a command line of 10 MB', async (t) => {
  const { code, out } = await session({ input: ['VRFY ', Buffer.alloc(10_000_000, 'x'), '\r\nQUIT\r\n'] })
  t.equal(code, 0)
  t.equal(out, '220 mx.example ESMTP\r\n500 line too long (#5.5.2)\r\n221 mx.example\r\n')
})

t.test('a line of 10 MB in a message, with every byte in it but CR and LF', async (t) => {
  const line = Buffer.alloc(10_000_000)
  for (let i = 0; i < line.length; i++) line[i] = i & 255
  for (let i = 0; i < line.length; i++) if (line[i] === 10 || line[i] === 13) line[i] = 46
  const { code, file } = await session({
    input: ['MAIL FROM:<>\r\nRCPT TO:<a>\r\nDATA\r\n', line, '\r\n.\r\nQUIT\r\n'],
  })
  t.equal(code, 0)
  t.ok(file('msg')?.endsWith(`\n${line.toString('latin1')}\n`))
})

t.test('sizes that no machine word holds', async (t) => {
  const input = [
    'EHLO x\r\nMAIL FROM:<> SIZE=18446744073709551618\r\nMAIL FROM:<> SIZE=18446744073709551617\r\nQUIT\r\n',
  ]
  const { out } = await session({ input, env: { DATABYTES: '018446744073709551617x' } })
  t.match(out, '\r\n250-SIZE 18446744073709551617\r\n')
  t.match(out, /\r\n552 [^\r]+\r\n250 ok\r\n221 /)
})

t.test('NUL and bare CR and LF in commands', async (t) => {
  const { code, out, file } = await session({
    input: ['MAIL FROM:<a\0@b>\nRCPT TO:<a\rb\xff>\nDATA\r\nx\r\n.\r\nNOOP\0\0\n\0\nQUIT\n'],
  })
  t.equal(code, 0)
  t.equal(file('env'), 'Fa\0Ta\rb\xff\0\0')
  t.match(plain(out), /queued\r\n250 ok\r\n502 unimplemented \(#5\.5\.1\)\r\n221 /)
})

t.test('a client that never reads', async (t) => {
  const files = { 'control/timeoutsmtpd': '1\n' }
  const { code, err } = await session({ input: ['HELP\r\n'.repeat(20_000)], files, deaf: true })
  t.equal(code, 1)
  t.equal(err, '')
})

t.test('morercpthosts.cdb is of no interest without rcpthosts', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'session-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  mkdirSync(join(home, 'control'))
  writeFileSync(join(home, 'control/me'), 'mx.example\n')
  // Nobody can open that.
  symlinkSync('morercpthosts.cdb', join(home, 'control/morercpthosts.cdb'))
  const env = { QMAILHOME: home }
  t.equal((await session({ input: ['QUIT\r\n'], env })).out, '220 mx.example ESMTP\r\n221 mx.example\r\n')
  writeFileSync(join(home, 'control/rcpthosts'), '')
  t.equal((await session({ input: ['QUIT\r\n'], env })).out, '421 unable to read controls (#4.3.0)\r\n')
})

t.test('a NUL in a list does not bring a comment to life', async (t) => {
  const files = { 'control/badmailfrom': '#c\0a@b\n\0c@d\ne\0g@h\n' }
  const from = (sender: string): string => `MAIL FROM:<${sender}>\r\nRCPT TO:<r>\r\n`
  const { out } = await session({ input: [from('a@b'), from('c@d'), from('g@h'), 'QUIT\r\n'], files })
  t.match(out, /^220 .*\r\n(250 ok\r\n){5}553 sorry.*\r\n221 .*\r\n$/)
})
