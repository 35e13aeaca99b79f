import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { plain, type Session, session } from './support/session.ts'

const BIN = resolve('dist/bin')

/** The replies to these commands, all sent at once, but for the greeting and the farewell. */
async function replies(commands: readonly string[], more: Omit<Session, 'input'>): Promise<string> {
  const { code, out, err } = await session({ ...more, input: [`${[...commands, 'QUIT'].join('\r\n')}\r\n`] })
  const body = plain(out)
    .replace('220 mx.example ESMTP\r\n', '')
    .replace(/221 mx\.example\r\n$/, '.')
  return `${body.replaceAll('\r\n', '|')}${code === 0 ? '' : ` exit ${code}`}${err === '' ? '' : ` ${err}`}`
}

const plugin = (section: string, script: string): Session['files'] => ({
  'control/smtpplugins': `[${section}]\np\n`,
  p: `#!/bin/sh\n${script}\n`,
})

const ENVELOPE = ['MAIL FROM:<a@b>', 'RCPT TO:<c@d>']
const MESSAGE = [...ENVELOPE, 'DATA', 'x', '.']

t.test('verdicts of plugins', async (t) => {
  for (const [script, wanted] of [
    ['echo E550 no', '250 ok|550 no|.'],
    ['echo E550 no; echo E551 no; echo P552', '250 ok|550 no|.'],
    ['echo E550 no; kill -9 $$', '250 ok|550 no|.'],
    ['echo E550 no; while :; do echo x; done', '250 ok|550 no|.'],
    ['echo R421 later', '250 ok|421 later|'],
    ['echo D', '250 ok|'],
    ['echo P250-note; echo N; echo E550', '250 ok|250-note|250 ok|.'],
    ['cat; echo "E550 $(cat | wc -c)"', '250 ok|550 0|.'],
    ['seq 1 100000; echo E550 no', '250 ok|550 no|.'],
    ['exit 1', '250 ok|250 ok|.'],
    ['exit 120', "250 ok|451 qmail-spp failure: p: can't execute (#4.3.0)|."],
    ['kill -9 $$', '250 ok|451 qmail-spp failure: p: child crashed (#4.3.0)|.'],
    ['head -c 70000 /dev/zero; echo E550', '250 ok|451 qmail-spp failure: p: too much output (#4.3.0)|.'],
    ['head -c 70000 /dev/zero', '250 ok|451 qmail-spp failure: p: too much output (#4.3.0)|.'],
    ['yes HX-Flood: x', '250 ok|451 qmail-spp failure: p: too much output (#4.3.0)|.'],
    ['exec >&-; sleep 0.1; exit 0', '250 ok|250 ok|.'],
    ['printf "E550 a\\r\\000b"', '250 ok|550 ab|.'],
  ] as const)
    t.equal(await replies(ENVELOPE, { files: plugin('rcpt', script) ?? {} }), wanted, script)
})

t.test('a plugin that is missing, and a shell command that is', async (t) => {
  const none = { 'control/smtpplugins': '[rcpt]\nnone\n' }
  t.equal(await replies(ENVELOPE, { files: none }), "250 ok|451 qmail-spp failure: none: can't execute (#4.3.0)|.")
  const command = { 'control/smtpplugins': '[rcpt]\n:./none 2>/dev/null\n' }
  t.equal(await replies(ENVELOPE, { files: command }), '250 ok|250 ok|.')
})

t.test('before the greeting', async (t) => {
  const first = async (script: string) =>
    (await session({ input: ['QUIT\r\n'], files: plugin('connection', script) ?? {} })).out
  t.equal(await first('echo E554 no service'), '554 no service\r\n221 mx.example\r\n')
  t.equal(await first('echo R554 no service'), '554 no service\r\n')
  t.equal(await first('echo D'), '')
  t.equal(await first('echo Ca@b'), '220 mx.example ESMTP\r\n221 mx.example\r\n')
})

t.test('refusals for later outlive all but RSET', async (t) => {
  const files = plugin('connection', 'echo LM550 not you; echo LM551 never; echo A')
  t.equal(
    await replies(['EHLO x', 'MAIL FROM:<a>', 'HELO x', 'MAIL FROM:<a>', 'RSET', 'MAIL FROM:<a>'], {
      files: files ?? {},
    }),
    '250-mx.example|250-PIPELINING|250-SIZE 0|250 8BITMIME|550 not you|551 never|250 mx.example|550 not you|551 never|' +
      '250 flushed|250 ok|.',
  )
})

t.test('headers wait for a message, and go with it', async (t) => {
  const files = {
    'control/smtpplugins':
      '[mail]\n:echo HX-From: $SMTPMAILFROM\n[data]\n:echo HX-Data: $SMTPRCPTCOUNT $SMTPRCPTCOUNTALL\n',
  }
  const text = async (...commands: string[]) => {
    const { file } = await session({ input: [`${[...commands, 'QUIT'].join('\r\n')}\r\n`], files })
    return (file('msg') ?? '').replace(/^Received:.*\n.*\n/, '')
  }
  t.equal(await text(...MESSAGE), 'X-From: a@b\nX-Data: 0 1\nx\n')
  t.equal(await text('MAIL FROM:<1>', 'EHLO x', ...MESSAGE), 'X-From: 1\nX-From: a@b\nX-Data: 0 1\nx\n')
  t.equal(await text('MAIL FROM:<1>', 'RSET', ...MESSAGE), 'X-From: a@b\nX-Data: 0 1\nx\n')
  t.equal(await text(...MESSAGE, ...MESSAGE), 'X-From: a@b\nX-Data: 0 1\nx\n')
})

t.test('addresses, counts and lists', async (t) => {
  const files = {
    'control/smtpplugins': '[mail]\n:[ "$SMTPMAILFROM" = x@y ] && echo Cbad@z\n[rcpt]\np\n',
    'control/badmailfrom': 'bad@z\n',
    'control/rcpthosts': 'd\n',
    p: '#!/bin/sh\necho "$SMTPRCPTTO $SMTPRCPTHOSTSOK $SMTPRCPTCOUNT $SMTPRCPTCOUNTALL" >>seen\ncase $SMTPRCPTTO in o@*) echo O;; c@*) echo Cnew@far;; esac\n',
  }
  const commands = [
    'MAIL FROM:<a@b>',
    'RCPT TO:<1@d>',
    'RCPT TO:<2@no>',
    'RCPT TO:<o@no>',
    'RCPT TO:<c@d>',
    'DATA',
    'x',
    '.',
  ]
  const again = [
    'MAIL FROM:<a@b>',
    'RCPT TO:<3@d>',
    'MAIL FROM:<x@y>',
    'RCPT TO:<4@d>',
    'MAIL FROM:<a@b>',
    'RCPT TO:<5@d>',
  ]
  const { file, out } = await session({ input: [`${[...commands, ...again, 'QUIT'].join('\r\n')}\r\n`], files })
  t.equal(file('env'), 'Fa@b\0T1@d\0To@no\0Tnew@far\0\0')
  t.equal(file('seen'), '1@d 1 0 1\n2@no 0 1 2\no@no 0 1 3\nc@d 1 2 4\n3@d 1 0 1\n5@d 1 0 1\n')
  t.match(
    out,
    /250 ok\r\n553 sorry, your envelope sender is in my badmailfrom list \(#5\.7\.1\)\r\n250 ok\r\n250 ok\r\n221/,
  )
})

t.test('what the queue program knows when the plugins are off', async (t) => {
  const files = {
    'control/smtpplugins': '[mail]\n:echo A\n',
    queue: '#!/bin/sh\necho "$SMTPMAILFROM $SMTPRCPTTO $SMTPRCPTCOUNTALL" >>seen\n',
  }
  const next = ['MAIL FROM:<d@e>', 'RCPT TO:<f@g>', 'RCPT TO:<h@i>', 'DATA', 'x', '.']
  const input = [`${[...MESSAGE, ...next, 'QUIT'].join('\r\n')}\r\n`]
  const { file } = await session({ input, files, env: { QMAILQUEUE: './queue' } })
  t.equal(file('seen'), 'a@b c@d 1\nd@e h@i 2\n')
})

t.test('a plugin chooses the queue program', async (t) => {
  const files = { 'control/smtpplugins': '[data]\n:echo SQMAILQUEUE=./other\n', other: '#!/bin/sh\nexit 31\n' }
  t.equal(
    await replies(MESSAGE, { files }),
    '250 ok|250 ok|354 go ahead|554 mail server permanently rejected message (#5.3.0)|.',
  )
})

t.test('recipient checks', async (t) => {
  const env = { RCPTCHECK: 'check' }
  for (const [script, wanted] of [
    ['exit 0', '250 ok|250 ok|.'],
    ['exit 99', '250 ok|250 ok|.'],
    ['exit 100', '250 ok|553 sorry, no mailbox here by that name. (#5.1.1)|.'],
    ['exit 111', '250 ok|421 unable to verify recipient (#4.3.0)| exit 1'],
    ['exit 120', '250 ok|421 unable to execute recipient check (#4.3.0)| exit 1'],
    ['kill -9 $$', '250 ok|421 unable to execute recipient check (#4.3.0)| exit 1'],
    ['cat; echo 550 leak; exit 0', '250 ok|250 ok|.'],
    ['exec <&- >&-; exit 100', '250 ok|553 sorry, no mailbox here by that name. (#5.1.1)|.'],
    ['yes | head -c 1000000', '250 ok|250 ok|.'],
  ] as const)
    t.equal(await replies(ENVELOPE, { env, files: { check: `#!/bin/sh\n${script}\n` } }), wanted, script)
  t.equal(await replies(ENVELOPE, { env }), '250 ok|421 unable to execute recipient check (#4.3.0)| exit 1')
  t.equal(
    await replies(ENVELOPE, { env: { RCPTCHECK: 'true' } }),
    '250 ok|421 unable to execute recipient check (#4.3.0)| exit 1',
    'no search on the PATH',
  )
  t.equal(await replies(ENVELOPE, { env: { ...env, RELAYCLIENT: '' } }), '250 ok|250 ok|.')
})

/** A session with so many recipients, the last of which is refused; each is asked about by these many checks. */
async function manyChecks(check: string, count: number, recipients: number, env: Session['env']): Promise<string> {
  const rcpts = Array.from({ length: recipients - 1 }, (_, i) => `RCPT TO:<user${i}@d>`)
  const files = {
    'control/rcptchecks': `${join(BIN, 'qmail-rcptcheck-badrcptto')}\n`.repeat(count),
    'control/badrcptto': 'nobody@d\n',
  }
  const more = { env: { ...env, RCPTCHECK: join(BIN, check) }, files }
  const said = await replies(['MAIL FROM:<a@b>', ...rcpts, 'RCPT TO:<nobody@d>'], more)
  return said.replace(/(250 ok\|)+/, (all) => `${all.length / 7} x ok|`)
}

t.test('checks of ours, and one that runs others of ours', async (t) => {
  for (const exec of ['', 'always'])
    for (const check of ['qmail-rcptcheck-badrcptto', 'qmail-rcptcheck'])
      for (const count of [1, 3, 4, 7])
        for (const recipients of [2, 3, 4, 9])
          t.match(
            await manyChecks(check, count, recipients, { MOREQMAIL_EXEC: exec }),
            new RegExp(`^${recipients} x ok\\|553 sorry, no mailbox here by that name. \\(#5.1.1\\)\\|\\.`),
            `${exec} ${check} ${count} ${recipients}`,
          )
})

/** As a user that nothing else runs as. */
const OTHER = ['--reuid=54377', '--regid=54377', '--clear-groups']
const noOther =
  spawnSync('setpriv', [...OTHER, 'prlimit', '--nproc=9', 'test', '-x', join(BIN, 'qmail-smtpd')]).status !== 0 &&
  'needs root, prlimit, and programs that all can run'

t.test('a check that has ended is not in the way of the next', { skip: noOther }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'processes-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  mkdirSync(join(home, 'control'))
  writeFileSync(join(home, 'control/me'), 'mx.example\n')
  spawnSync('chmod', ['-R', 'a+rX', home])
  const rcpts = 'RCPT TO:<c@d>\r\n'.repeat(5)
  const { stdout } = spawnSync('setpriv', [...OTHER, 'prlimit', '--nproc=2', join(BIN, 'qmail-smtpd')], {
    env: { PATH: '/bin:/usr/bin', QMAILHOME: home, RCPTCHECK: join(BIN, 'qmail-rcptcheck-badrcptto') },
    input: `MAIL FROM:<a@b>\r\n${rcpts}QUIT\r\n`,
    encoding: 'latin1',
  })
  t.equal(stdout, `220 mx.example ESMTP\r\n${'250 ok\r\n'.repeat(6)}221 mx.example\r\n`)
})

t.test('what a check knows', async (t) => {
  const check = `#!/bin/sh\necho "$SENDER|$RECIPIENT|\${HELOHOST-unset}|\${SMTPRCPTTO-unset}" >>seen\n`
  const { file } = await session({
    input: ['MAIL FROM:<>\r\nRCPT TO:<"c d"@e>\r\nEHLO \r\nMAIL FROM:<A@b>\r\nRCPT TO:<C>\r\nQUIT\r\n'],
    env: { RCPTCHECK: './check', HELOHOST: 'inherited', SENDER: 'inherited', SMTPRCPTTO: 'inherited' },
    files: { check, 'control/smtpplugins': '[rcpt]\n' },
  })
  t.equal(file('seen'), '|c d@e|unset|unset\nA@b|C||unset\n')
})

t.test('a queue program talks to the log, never to the client', async (t) => {
  const files = {
    qq: '#!/bin/sh\ncat >/dev/null; cat <&1 >/dev/null; echo 250 leak >&2; echo 250 leak 2>/dev/null >&1; exit 31\n',
  }
  t.equal(
    await replies(MESSAGE, { files }),
    '250 ok|250 ok|354 go ahead|554 mail server permanently rejected message (#5.3.0)|. 250 leak\n',
  )
})
