import { resolve } from 'node:path'
import t, { type Test } from 'tap'
import type { Case, Zone } from '../../../test/lib/case.ts'
import { play } from '../../../test/lib/play.ts'
import { ask, BIN } from '../../rcptcheck/test/lib/ask.ts'

const ENV = { TCPREMOTEIP: '192.0.2.9', SMTPMAILFROM: 'bob@a.example', SMTPHELOHOST: 'mx.a.example' }
const txt = (record: string) => ({ TXT: [`v=spf1 ${record}`] })
const MORE = { 'control/me': 'me.example\n' }
const ANSWER = (result: string) => `SSPP_SPF_RESULT=${result}\\nHReceived-SPF: ${result} \\([ -~]+\\) [ -~]+;\\n`

/** Plays it as it is, and with a new image for every program. */
async function holds(t: Test, name: string, test: Partial<Case>): Promise<void> {
  const argv = ['qmail-spp-spf']
  for (const env of [{}, { MOREQMAIL_EXEC: 'always' }]) {
    const one = {
      name,
      argv,
      timeout: 30,
      ...test,
      files: test.files?.['control/me/'] === '' ? test.files : { ...MORE, ...test.files },
    }
    const why = await play(one, { bin: BIN, tls: resolve('test/cases/tls'), env })
    t.strictSame(why, [], name)
  }
}

const with_ = (env: Readonly<Record<string, string>>, dns: Zone, stdout: string, more: Partial<Case> = {}) => ({
  env: { ...ENV, ...env },
  dns,
  ...more,
  expect: { exit: 0, stdout_re: `^${stdout}$`, ...more.expect },
})

const FAIL: Zone = { 'a.example': txt('-all') }

t.test('nothing that could be checked', async (t) => {
  const env = { SPP_SPF_NO_RESULT: 'Pno spf_smtp_msg' }
  const expect = (stderr: string) => ({ exit: 0, stdout: 'Pno spf_smtp_msg\n', stderr })
  await holds(t, 'no sender', {
    env: { ...env, TCPREMOTEIP: '192.0.2.9' },
    expect: expect("qmail-spp-spf:192.0.2.9: can't read SMTPMAILFROM or SMTPHELOHOST\n"),
  })
  await holds(t, 'no address', {
    env: { ...ENV, ...env, TCPREMOTEIP: 'a\nb\xff' },
    expect: expect('qmail-spp-spf:a?b?: invalid address\n'),
  })
  await holds(t, 'no sender but a HELO name', {
    env: { TCPREMOTEIP: '192.0.2.9', SMTPHELOHOST: 'a.example' },
    dns: FAIL,
    expect: { stdout_re: '^SSPP_SPF_RESULT=fail\\n.* envelope-from=postmaster@a\\.example; helo=a\\.example;\\n$' },
  })
  await holds(t, 'relaying', {
    env: { ...ENV, ...env, RELAYCLIENT: '' },
    files: { 'control/spfbehavior/': '' },
    expect: { exit: 0, stdout: '', stderr: '' },
  })
})

t.test('which commands come when', async (t) => {
  const mx = { 'a.example': { MX: [[1, 'm.example']] }, 'm.example': { A: ['192.0.2.9'] } } as const
  const log = '^qmail-spp-spf:192\\.0\\.2\\.9: Received-SPF: [^\\n]*\\n'
  const mxLog = (result: string) =>
    `qmail-spp-spf:192\\.0\\.2\\.9: Fallback MX check "v=spf1 mx -all" \\(helo='mx\\.a\\.example', mailfrom='bob@a\\.example'\\): ${result}\\n$`
  const none = ANSWER('none')
  const both = { SPP_SPF_NO_RESULT: 'Pno', SPP_SPF_MX_RESULT_PASS: 'Pmx spf_smtp_msg' }
  await holds(t, 'of the MX check', {
    ...with_(both, mx, `${none}Pmx spf_smtp_msg\\n`, { expect: { stderr_re: log + mxLog('pass') } }),
  })
  await holds(t, 'of no result, if that has none', with_({ ...both, TCPREMOTEIP: '192.0.2.8' }, mx, `${none}Pno\\n`))
  await holds(
    t,
    'before those of the MX check',
    with_({ ...both, SPP_SPF_RESULT_NONE: 'Pn' }, mx, `${none}Pn\\nPmx spf_smtp_msg\\n`),
  )
  await holds(
    t,
    'none for a variable that is empty',
    with_({ SPP_SPF_NO_RESULT: 'Pno', SPP_SPF_RESULT_NONE: '' }, {}, none),
  )
  await holds(
    t,
    'of no result after those of a level',
    with_({ ...both, SPFBEHAVIOR: '2' }, { 'a.example': 'SERVFAIL' }, `${ANSWER('temperror')}E451 [^\\n]*\\nPno\\n`),
  )
  const unknown = { SPP_SPF_MX_RESULT_UNKNOWN: 'Punknown' }
  await holds(t, 'of an unknown MX', with_(unknown, { 'a.example': 'SERVFAIL' }, `${ANSWER('temperror')}Punknown\\n`))
  await holds(t, 'no MX check for a result', with_({ SPP_SPF_MX_RESULT_FAIL: 'Pmx' }, FAIL, ANSWER('fail')))
})

t.test('a pass for anyone', async (t) => {
  const env = { SPP_SPF_DONT_ALLOW_RANDOM_IP_PASS: '', SPP_SPF_RESULT_PASS: 'A', SPP_SPF_MX_RESULT_FAIL: 'Pmx' }
  const stderr_re =
    '^qmail-spp-spf:192\\.0\\.2\\.9: Received-SPF: pass [^\\n]*\\nqmail-spp-spf:192\\.0\\.2\\.9: Fallback MX [^\\n]*: fail\\n$'
  await holds(t, 'is ignored', with_(env, { 'a.example': txt('all') }, 'Pmx\\n', { expect: { stderr_re } }))
  await holds(
    t,
    'is ignored with IPv6',
    with_({ ...env, TCPREMOTEIP: '2001:db8::1' }, { 'a.example': txt('ip6:2000::/3') }, 'Pmx\\n'),
  )
  await holds(t, 'is not of one address', with_(env, { 'a.example': txt('ip4:192.0.2.9') }, `${ANSWER('pass')}A\\n`))
  const home = { ...env, TCPREMOTEIP: '127.0.0.1' }
  await holds(t, 'is not of this host', with_(home, { 'a.example': txt('all') }, `${ANSWER('pass')}A\\n`))
})

t.test('levels, rules, guesses and explanations', async (t) => {
  const files = (more: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(more).map(([name, text]) => [`control/${name}`, text]))
  const level = { SPFBEHAVIOR: '3' }
  const refused = (why: string) => `${ANSWER('fail')}E550 ${why} \\(#5\\.7\\.23\\)\\n`
  const bob =
    'Please see http://www\\.open-spf\\.org/Why\\?id=bob%40a\\.example&ip=192\\.0\\.2\\.9&receiver=me\\.example'
  await holds(t, 'the variable wins', with_(level, FAIL, refused(bob), { files: files({ spfbehavior: '0\n' }) }))
  await holds(t, 'off', { ...with_({}, FAIL, ''), files: files({ spfbehavior: '0 # off\n' }) })
  await holds(
    t,
    'no number',
    with_({ SPFBEHAVIOR: 'x' }, FAIL, ANSWER('fail'), { files: files({ spfbehavior: 'y\n' }) }),
  )
  await holds(
    t,
    'a result with commands of its own',
    with_({ ...level, SPP_SPF_RESULT_FAIL: '' }, FAIL, ANSWER('fail')),
  )
  const exp = { spfexp: 'no %{l}, %{c} \t\nmore\n' }
  await holds(t, 'our text', with_(level, FAIL, refused('no bob, 192\\.0\\.2\\.9'), { files: files(exp) }))
  await holds(t, 'a wrong text', with_(level, FAIL, refused(bob), { files: files({ spfexp: '%{z}\n' }) }))
  await holds(t, 'rules', with_(level, FAIL, ANSWER('pass'), { files: files({ spfrules: 'ip4:192.0.2.0/24\n' }) }))
  const bad = {
    stderr_re: '^qmail-spp-spf: bad control/spfrules\\nqmail-spp-spf: bad control/spfguess\\nqmail-spp-spf:192',
  }
  const wrong = files({ spfrules: 'all:\n', spfguess: 'x\n' })
  await holds(t, 'wrong rules', with_(level, FAIL, refused(bob), { files: wrong, expect: bad }))
  const included = {
    files: files({ spfrules: 'include:b.example\n' }),
    expect: { stderr_re: '^qmail-spp-spf: bad control/spfrules\\n' },
  }
  await holds(t, 'rules that lead to nothing', with_(level, FAIL, refused(bob), included))
  const guessed = `SSPP_SPF_RESULT=pass\\nHReceived-SPF: pass \\(me\\.example: domain of a\\.example designates 192\\.0\\.2\\.9 as permitted sender \\(guessed\\)\\) client-ip=[^\\n]*\\n`
  await holds(t, 'a guess', with_({}, {}, guessed, { files: files({ spfguess: 'ip4:192.0.2.9 ?all\n' }) }))
  await holds(
    t,
    'empty files',
    with_({}, {}, ANSWER('none'), { files: files({ spfguess: '\n', spfrules: '', spfexp: '' }) }),
  )
})

t.test('files that cannot be read', async (t) => {
  for (const name of ['spfbehavior', 'spfrules', 'spfguess', 'me', 'spfexp'])
    await holds(t, name, {
      env: { ...ENV, SPP_SPF_RESULT_FAIL: 'Pspf_smtp_msg' },
      dns: FAIL,
      files: { [`control/${name}/`]: '' },
      expect: { exit: 0, stdout: 'E451 unable to read controls (#4.3.0)\n' },
    })
  const { out, err, code } = ask({ program: 'qmail-spp-spf', env: ENV, home: '/no/such/home' })
  t.strictSame([out, code], ['E451 unable to read controls (#4.3.0)\n', 0])
  t.equal(err, 'qmail-spp-spf: fatal: unable to enter the qmail home: file does not exist\n')
})

t.test('foreign text makes no commands', async (t) => {
  const env = {
    SMTPMAILFROM: 'x\nA\nO\r\xe9@a.example',
    SMTPHELOHOST: 'h\nD\n\xff"\\',
    SPP_SPF_RESULT_FAIL: 'HX: spf_smtp_msg,E550 spf_smtp_msg',
    SPP_SPF_RESULT_NONE: 'E550 spf_smtp_msg',
    SPP_SPF_MX_RESULT_PASS: 'A',
  }
  const dns = { 'a.example': txt('-all exp=e.example'), 'e.example': { TXT: ['%{s}|%{h},%{l}'] } }
  const said = 'x\\?A\\?O\\?\\?@a\\.example\\|h\\?D\\?\\?"\\\\,x\\?A\\?O\\?\\?'
  const field = 'HReceived-SPF: fail [ -~]* envelope-from=x\\?A\\?O\\?\\?@a\\.example; helo="h\\?D\\?\\?\\\\"\\\\\\\\";'
  await holds(t, 'sender and HELO name', {
    ...with_(env, dns, `SSPP_SPF_RESULT=fail\\n${field}\\nHX: ${said}\\nE550 ${said}\\n`),
  })
  for (const text of ['no\nA', 'no\0A', 'no\x80', '\r\nA']) {
    const zone = { ...dns, 'e.example': { TXT: [text] } }
    await holds(
      t,
      JSON.stringify(text),
      with_(env, zone, `[^\\n]*\\n[^\\n]*\\nHX: Please see [!-~]*\\nE550 Please see [!-~]*\\n`),
    )
  }
  const log = { stderr_re: "^[ -~]*\\n[ -~]*\\(helo='h\\?D\\?\\?\"\\\\', mailfrom='x\\?A\\?O\\?\\?@b'\\): none\\n$" }
  const sender = { ...env, SMTPMAILFROM: 'x\nA\nO\r\xe9@b' }
  await holds(t, 'the log', with_(sender, {}, '[ -~]*\\n[ -~]*\\nE550 [ -~]*\\n', { expect: log }))
})

t.test('hostile DNS', async (t) => {
  const many = Array.from({ length: 1500 }, (_, i) => [i, `m${i}.example`] as const)
  await holds(
    t,
    'thousands of exchanges',
    with_({}, { 'a.example': { ...txt('mx -all'), MX: many } }, ANSWER('permerror')),
  )
  const huge = txt('ip4:192.0.2.1 '.repeat(4000))
  await holds(t, 'a huge record', with_({}, { 'a.example': huge }, ANSWER('neutral')))
  const macros = txt(`a:${'%{s}'.repeat(15000)} -all`)
  const sender = { SMTPMAILFROM: `${'x'.repeat(1000)}@a.example` }
  await holds(t, 'a macro bomb', with_(sender, { 'a.example': macros }, ANSWER('fail')))
  const loop = { 'a.example': txt('include:b.example'), 'b.example': txt('include:a.example') }
  await holds(t, 'a loop', with_({}, loop, ANSWER('permerror')))
})

t.test('under qmail-smtpd', async (t) => {
  const spf = `${BIN}/qmail-spp-spf`
  const files = {
    'control/rcpthosts': 'd.example\n',
    'control/smtpplugins': `[mail]\n${spf}\n[data]\nresult\n`,
    result: { text: '#!/bin/sh\necho "HX-Result: $SPP_SPF_RESULT"\n', mode: '755' },
    queue: { text: '#!/bin/sh\ncat >message\nexit 0\n', mode: '755' },
  }
  const env = { TCPREMOTEIP: '192.0.2.9', SPFBEHAVIOR: '3', QMAILQUEUE: './queue' }
  const dns = { ...FAIL, 'b.example': txt('ip4:192.0.2.9 -all'), 'c.example': 'SERVFAIL' } as const
  const say = (send: string, expect_re: string) => [{ send: `${send}\r\n` }, { expect_re }]
  await holds(t, 'refusal, deferral, header and variable', {
    argv: ['qmail-smtpd'],
    files,
    env,
    dns,
    dialog: [
      { expect_reply: '220' },
      ...say('HELO h.example', '250 .*'),
      ...say('MAIL FROM:<bob@a.example>', '550 Please see http://www\\.open-spf\\.org/Why\\?[!-~]* \\(#5\\.7\\.23\\)'),
      ...say('MAIL FROM:<bob@c.example>', '451 SPF lookup failure \\(#4\\.4\\.3\\)'),
      ...say('MAIL FROM:<bob@b.example>', '250 .*'),
      ...say('RCPT TO:<x@d.example>', '250 .*'),
      ...say('DATA', '354 .*'),
      ...say('hi\r\n.', '250 .*'),
      ...say('QUIT', '221 .*'),
    ],
    expect: {
      files: {
        message: {
          re: '\\nReceived-SPF: pass \\(me\\.example: domain of b\\.example designates 192\\.0\\.2\\.9 as permitted sender\\) [^\\n]*;\\nX-Result: pass\\nhi\\n$',
        },
      },
    },
  })
  await holds(t, 'an unreadable file defers', {
    argv: ['qmail-smtpd'],
    files: { ...files, 'control/spfrules/': '' },
    env,
    dns,
    dialog: [
      { expect_reply: '220' },
      ...say('MAIL FROM:<bob@b.example>', '451 unable to read controls \\(#4\\.3\\.0\\)'),
      ...say('QUIT', '221 .*'),
    ],
  })
})
