import { resolve } from 'node:path'
import t from 'tap'
import { login, plain, run, session } from './support/session.ts'

const MESSAGE =
  'HELO h\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d.x>\r\nDATA\r\nS: x\r\nDate: 1 Jan 2000 0:0 UT\r\nMessage-ID: m\r\n\r\n..y\r\nz\r\r\n.\r\nQUIT\r\n'
const STORED =
  'Received: (ofmipd 192.0.2.1); DATE\nDate: 1 Jan 2000 00:00:00 +0000\nMessage-ID: m\nFrom: a@b.mx.example\n' +
  'Cc: recipient list not shown: ;\nS: x\n\n.y\nz\r\n'
const REPLIES = '250 mx.example\r\n250 ok\r\n250 ok\r\n354 go ahead\r\n250 queued\r\n221 mx.example\r\n'
const START = 'MAIL FROM:<a@b.x>\r\nRCPT TO:<c@d.x>\r\nDATA\r\n'
const END = '\r\n.\r\nQUIT\r\n'

for (const [name, run, greeting, gone] of [
  ['a trusted client', session, '220 mx.example ESMTP\r\n', 1],
  ['a client that has logged in', login, '235 ok, go ahead (#2.0.0)\r\n', 0],
] as const)
  t.test(`${name}: end of file at every byte`, async (t) => {
    const replies = greeting + REPLIES
    const complete = MESSAGE.indexOf('\r\n.\r\n') + 5
    for (let length = 0; length <= MESSAGE.length; length++) {
      const input = MESSAGE.slice(0, length)
      const { code, out, err, file } = await run({ input: [input] })
      const name = JSON.stringify(input)
      t.equal(code, length < MESSAGE.length ? gone : 0, name)
      t.equal(err, '', name)
      t.equal(file('env'), length < complete ? undefined : 'Fa@b.mx.example\0Tc@d.x\0\0', name)
      // Every command that has come whole has been answered, and nothing else.
      const seen = Math.min(4, input.split('\n').length - 1)
      const answered = length >= complete ? (length < MESSAGE.length ? 6 : 7) : 1 + seen
      t.equal(plain(out), replies.split('\r\n').slice(0, answered).join('\r\n').concat('\r\n'), name)
    }
  })

t.test('one byte at a time', async (t) => {
  const { code, out, err, file } = await session({ input: MESSAGE })
  t.equal(code, 0)
  t.equal(err, '')
  t.equal(plain(file('msg')), STORED)
  t.equal(plain(out), `220 mx.example ESMTP\r\n${REPLIES}`)
})

t.test('a command line of 10 MB', async (t) => {
  const { code, out } = await session({ input: ['MAIL FROM:<', Buffer.alloc(10_000_000, 'x'), '>\r\nQUIT\r\n'] })
  t.equal(code, 0)
  t.equal(out, '220 mx.example ESMTP\r\n500 line too long (#5.5.2)\r\n221 mx.example\r\n')
})

/** 10 MB of every byte but CR and LF. */
function ugly(): Buffer {
  const line = Buffer.alloc(10_000_000)
  for (let i = 0; i < line.length; i++) line[i] = (i & 255) === 10 || (i & 255) === 13 ? 46 : i & 255
  return line
}

t.test('a line of 10 MB in a body', async (t) => {
  const line = ugly()
  for (const before of ['A: b\r\n\r\n', 'A: b\r\nno field\r\n', 'no field']) {
    const { code, file } = await session({ input: [START, before, line, END] })
    t.equal(code, 0)
    t.ok(file('msg')?.endsWith(`${before.slice(-8).replace('\r', '')}${line.toString('latin1')}\n`.slice(-9_999_000)))
    t.equal(file('env'), 'Fa@b.x\0Tc@d.x\0\0')
  }
})

t.test('long fields', async (t) => {
  const value = ugly().subarray(0, 8_000_000)
  const { code, file } = await session({ input: [START, 'X: ', value, '\r\nTo: a\r\n\r\nbody', END] })
  t.equal(code, 0)
  t.ok(file('msg')?.endsWith(`\nTo: a@mx.example\nX: ${value.toString('latin1')}\n\nbody\n`))
})

t.test('a header that is too long, and what comes after', async (t) => {
  const tooLong = '552 sorry, that message size exceeds my databytes limit (#5.3.4)'
  const long = Buffer.alloc(9_000_000, 'x')
  for (const header of [['X: ', long], [long], ['X:', long, '\r\n\r\nbody'], ['a:\r\n'.repeat(3_000_000)]]) {
    const { code, out, file } = await session({ input: [START, ...header, END.slice(0, -6), START, 'To: you', END] })
    t.equal(code, 0)
    t.equal(
      plain(out).split('\r\n').slice(4).join('|'),
      `${tooLong}|250 ok|250 ok|354 go ahead|250 queued|221 mx.example|`,
    )
    t.match(file('msg'), /\.1\.\d+\.qmail@mx\.example>\n.*\nTo: you@mx\.example\n$/)
  }
})

t.test('NUL and bare CR and LF in commands', async (t) => {
  const { code, out, file } = await session({
    input: ['MAIL FROM:<a@b.x>\nRCPT TO:<"a\xff"@d.x>\nDATA\r\nx:\r\n.\r\nNOOP\0\0\n\0\nQUIT\n'],
  })
  t.equal(code, 0)
  t.equal(file('env'), 'Fa@b.x\0Ta\xff@d.x\0\0')
  t.match(plain(out), /queued\r\n502 unimplemented \(#5\.5\.1\)\r\n502 unimplemented \(#5\.5\.1\)\r\n221 /)
})

t.test('a client that never reads', async (t) => {
  const files = { 'control/timeoutsmtpd': '1\n' }
  for (const [run, gone] of [
    [session, 1],
    [login, 0],
  ] as const) {
    const { code, err } = await run({ input: ['HELP\r\n'.repeat(20_000)], files, deaf: true })
    t.equal(code, gone)
    t.equal(err, '')
  }
})

t.test('a queue program that never reads', async (t) => {
  for (const header of ['', 'X: y\r\n\r\n', `X: ${'y'.repeat(500_000)}\r\n`]) {
    const input = [START, header, Buffer.alloc(1_000_000, 'x'), END]
    const { out, code } = await session({ input, files: { qq: '#!/bin/sh\nexit 0\n' } })
    t.match(out, /354 go ahead\r\n451 qq read error \(#4\.3\.0\)\r\n221 /)
    t.equal(code, 0)
  }
})

t.test('a message is given to the queue before it is complete', async (t) => {
  const body = Buffer.alloc(1_000_000, 'x')
  const { code, file } = await session({ input: [START, 'X: y\r\n\r\n', body] })
  t.equal(code, 1)
  t.ok((file('msg')?.length ?? 0) > 900_000)
  t.equal(file('env'), undefined)
})

t.test('no descriptors for a queue program', async (t) => {
  const args = ['-c', 'ulimit -n 8; exec "$0"', resolve('dist/bin/qmail-ofmipd')]
  const input = ['MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\nMAIL FROM:<a>\r\nRSET\r\nDATA\r\nQUIT\r\n']
  const { code, out, err, file } = await run('/bin/sh', { args, env: { RELAYCLIENT: '' }, input })
  t.equal(code, 0)
  t.equal(err, '')
  t.equal(file('env'), undefined)
  const replies = out.split('\r\n').slice(1, -1)
  t.same(replies, [
    ...['250 ok', '250 ok', '451 qqt failure (#4.3.0)', '250 ok', '250 flushed'],
    ...['503 MAIL first (#5.5.1)', '221 mx.example'],
  ])
})
