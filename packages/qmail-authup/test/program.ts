import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { BIN, childrenOf, lines, PLAIN, remembers, type Session, session, WRONG } from './support/session.ts'

const GREETING = '220 mx.example ESMTP'
const NO_MORE = '454 authup unable to read pipe (#4.3.0)'
const REFUSED = '535 authup authorization failed (#5.7.0)'

/** Everything holds whether our own programs get images of their own or not. */
const WAYS: ReadonlyArray<readonly [string, Record<string, string>]> = [
  ['in the image', {}],
  ['with real images', { MOREQMAIL_EXEC: 'always' }],
]

const pop3: Pick<Session, 'argv'> = { argv: ['qmail-authup', 'pop3', './check', './serve'] }

t.test('end of file at every byte', async (t) => {
  const text = `EHLO x\r\nAUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n`
  const whole = lines((await session({ input: [text] })).out)
  t.same(whole.slice(-1), ['served'])
  for (let n = 0; n < text.length; n++) {
    const { code, out, file } = await session({ input: [text.slice(0, n)] })
    const answers = lines(out)
    t.equal(code, 1, `${n} bytes`)
    t.same(answers.slice(-1), [NO_MORE])
    t.same(answers.slice(0, -1), whole.slice(0, answers.length - 1))
    t.equal(file('creds'), undefined)
  }
})

t.test('POP3, end of file at every byte', async (t) => {
  const text = 'USER joe\r\nPASS secret\r\n'
  for (let n = 0; n < text.length; n++) {
    const { code, out, file } = await session({ ...pop3, input: [text.slice(0, n)] })
    t.equal(code, 1, `${n} bytes`)
    t.same(lines(out).slice(-1), ['-ERR authup unable to read pipe'])
    t.equal(file('creds'), undefined)
  }
})

t.test('one byte at a time', async (t) => {
  for (const by of ['socket', 'pipe'] as const) {
    const { code, out } = await session({
      by,
      input: `AUTH PLAIN ${WRONG}\r\nauth plain\r\n${PLAIN}\r\nHI\r\n`,
      pause: 1,
    })
    t.equal(code, 0)
    t.same(lines(out), [GREETING, REFUSED, '334 ', 'served', 'HI'], by)
  }
})

t.test('what is behind the login belongs to the next program', async (t) => {
  const behind = `MAIL FROM:<joe@example.org>\r\n${'x'.repeat(5000)}\r\n\0.`
  for (const [name, env] of WAYS)
    for (const by of ['socket', 'pipe', 'file'] as const) {
      const input = [`NOOP\r\nAUTH PLAIN ${WRONG}\r\nAUTH PLAIN ${PLAIN}\r\n${behind}`]
      const { out } = await session({ by, env, input })
      t.equal(out, `${GREETING}\r\n250 ok\r\n${REFUSED}\r\nserved\r\n${behind}`, `${by}, ${name}`)
      const pop = await session({ ...pop3, by, env, input: [`USER joe\r\nPASS secret\r\n${behind}`] })
      t.equal(pop.out.slice(pop.out.indexOf('\n') + 1), `+OK \r\nserved\r\n${behind}`, `POP3, ${by}, ${name}`)
    }
})

t.test('a line of 10 MB', async (t) => {
  for (const by of ['socket', 'pipe'] as const) {
    let peak = 0
    const { out } = await session({
      by,
      argv: [
        'sh',
        '-c',
        '"$@"; echo $?; grep VmHWM /proc/self/status >&2',
        'sh',
        'qmail-authup',
        'smtp',
        './check',
        './serve',
      ],
      files: { serve: '#!/bin/sh\nawk \'/VmHWM/ { print "peak", $2 }\' /proc/$PPID/status\n' },
      input: [
        'AUTH LOGIN\r\n',
        ...Array.from({ length: 100 }, () => 'A'.repeat(100_000)),
        '\r\nNOOP\r\n',
        `AUTH PLAIN ${PLAIN}\r\n`,
      ],
    })
    const answers = lines(out.replace(/\n/g, '\r\n').replace(/\r\r/g, '\r'))
    peak = Number(/^peak (\d+)$/m.exec(out)?.[1])
    t.same(answers.slice(0, 4), [GREETING, '334 VXNlcm5hbWU6', '500 authup line too long (#5.5.6)', '250 ok'], by)
    t.ok(peak > 0 && peak < 60_000, `${peak} KB`)
  }
})

t.test('lines around the limit', async (t) => {
  const answer = async (length: number, end: string) =>
    lines((await session({ input: [`NOOP ${'x'.repeat(length - 5)}${end}QUIT\r\n`] })).out)[1]
  for (const end of ['\r\n', '\n']) {
    t.equal(await answer(16384, end), '250 ok')
    t.equal(await answer(16385, end), '500 authup line too long (#5.5.6)')
    t.equal(await answer(16386, end), '500 authup line too long (#5.5.6)')
    t.equal(await answer(16387, end), '500 authup line too long (#5.5.6)')
  }
})

t.test('a password of 9000 bytes goes through', async (t) => {
  const password = 'p'.repeat(9000)
  const { file } = await session({ input: [`AUTH PLAIN ${Buffer.from(`\0joe\0${password}`).toString('base64')}\r\n`] })
  t.equal(file('creds'), `joe|${password}||\n`)
})

t.test('inputs that broke others', async (t) => {
  for (const input of [
    'AUTH PLAIN =',
    'AUTH PLAIN\r\n=',
    'AUTH LOGIN =',
    'AUTH LOGIN\r\n=',
    `AUTH LOGIN ${btoa('joe\0secret')}`,
  ]) {
    const { code, out, file } = await session({ input: [`${input}\r\nNOOP\r\nQUIT\r\n`] })
    t.equal(code, 0, input)
    t.same(lines(out).slice(-3), ['501 authup malformed auth input (#5.5.4)', '250 ok', '221 mx.example'])
    t.equal(file('creds'), undefined)
  }
})

t.test('each try hands over three fields and no more', async (t) => {
  const { file } = await session({ input: [`AUTH PLAIN ${WRONG}\r\nAUTH PLAIN ${WRONG}\r\nAUTH PLAIN ${PLAIN}\r\n`] })
  t.equal(file('creds'), 'joe|wrong||\njoe|wrong||\njoe|secret||\n')
})

t.test('the log', async (t) => {
  const forged = Buffer.from('\0joe\nauthup 1 checkpassword 2 attempt for ann\0x').toString('base64')
  const { err } = await session({
    input: [`AUTH PLAIN ${forged}\r\nAUTH PLAIN ${PLAIN}\r\n`],
    env: { TCPREMOTEIP: '192.0.2.1\n', TCP6REMOTEIP: '' },
  })
  t.same(lines(err), [
    'authup PID protocol smtp',
    'authup PID checkpassword PID attempt for joe?authup?1?checkpassword?2?attempt?for?ann from 192.0.2.1?',
    'authup PID checkpassword PID failed, 4 remaining',
    'authup PID checkpassword PID attempt for joe from 192.0.2.1?',
    'authup PID checkpassword PID succeeded, child completed',
  ])
  t.notMatch(err, /secret|wrong/)
})

t.test('a prog that does not read, or not all', async (t) => {
  const big = Buffer.from(`\0${'n'.repeat(6000)}\0${'p'.repeat(6000)}`)
    .toString('base64')
    .slice(0, 16000)
  for (const [name, env] of WAYS)
    for (const prog of [['true'], ['sh', '-c', 'head -c 1 <&3 >/dev/null'], ['sh', '-c', 'exec 3<&-; exit 7']]) {
      const { code, out } = await session({
        argv: ['qmail-authup', 'smtp', ...prog],
        env,
        input: [`AUTH PLAIN ${big}\r\n`],
      })
      t.equal(code, prog.at(-1)?.endsWith('7') ? 7 : 0, `${prog.join(' ')}, ${name}`)
      t.same(lines(out), [GREETING])
    }
})

t.test('a prog that cannot be run', async (t) => {
  for (const [name, env] of WAYS)
    for (const prog of ['no-such-program', './control', './control/me', '']) {
      const { code, out } = await session({
        argv: ['qmail-authup', 'smtp', prog],
        env,
        input: [`AUTH PLAIN ${PLAIN}\r\nNOOP\r\n`],
      })
      t.equal(code, 1, `${prog}, ${name}`)
      t.same(lines(out), [GREETING, '454 authup unable to fork (#4.3.0)'])
    }
})

t.test('what prog gets', async (t) => {
  const fds = 'for fd in $(ls /proc/self/fd); do [ -e /proc/$$/fd/$fd ] && stat -Lc "fd $fd %F" /proc/$$/fd/$fd; done'
  const note = `(${fds}; env; grep SigIgn /proc/$$/status) >note 2>&1`
  const found = (text = '') => text.split('\n').filter((line) => line.startsWith('fd '))
  // What the tests themselves were started with comes along.
  const without = found((await session({ argv: ['sh', '-c', note] })).file('note'))
  for (const [name, env] of WAYS) {
    const { file } = await session({
      argv: ['qmail-authup', 'smtp', 'sh', '-c', note],
      env: { ...env, AUTHUP_USER: 'old', UCSPITLS: '', DISABLETLS: '', REUP: '1', REUPTRIES: '2', OTHER: 'x' },
      input: [`AUTH PLAIN ${PLAIN}\r\n`],
    })
    const text = file('note') ?? ''
    t.same(found(text).sort(), [...without, 'fd 3 fifo'].sort(), name)
    t.match(text, /^AUTHUP_USER=joe$/m)
    t.match(text, /^OTHER=x$/m)
    t.notMatch(text, /REUP=|REUPTRIES|TLS/)
    t.match(text, /SigIgn:\t0{16}/)
  }
})

t.test('under qmail-reup every code but 0 is 12', async (t) => {
  const cases: ReadonlyArray<readonly [readonly string[], string, number]> = [
    [['smtp', './check', './serve'], 'QUIT\r\n', 0],
    [['smtp', './check', './serve'], '', 12],
    [['smtp', 'true'], `AUTH PLAIN ${PLAIN}\r\n`, 0],
    [['smtp', 'sh', '-c', 'exit 7'], `AUTH PLAIN ${PLAIN}\r\n`, 12],
    [['smtp', 'sh', '-c', 'kill -9 $$'], `AUTH PLAIN ${PLAIN}\r\n`, 12],
    [['smtp', 'no-such-program'], `AUTH PLAIN ${PLAIN}\r\n`, 12],
    [['imap', 'true'], '', 12],
  ]
  for (const [words, input, code] of cases) {
    const end = await session({ argv: ['qmail-authup', ...words], env: { REUP: '1' }, input: [input] })
    t.equal(end.code, code, words.join(' '))
  }
})

const isRoot = process.getuid?.() === 0
const forRoot = { skip: !isRoot && 'the memory of others is looked into by root' }

t.test('the password is nowhere once checkpassword has it', forRoot, async (t) => {
  const password = 'Unique-Pass-9d1f7c'
  const plain = Buffer.from(`\0joe\0${password}`).toString('base64')
  const login = Buffer.from(password).toString('base64')
  for (const [protocol, input] of [
    ['smtp', [`AUTH PLAIN ${plain}\r\n`]],
    ['smtp', ['AUTH PLAIN\r\n', `${plain}\r\n`]],
    ['smtp', [`AUTH LOGIN am9l\r\n${login}\r\n`]],
    ['pop3', [`USER joe\r\nPASS ${password}\r\n`]],
  ] as const) {
    // qmail-reup is one of ours: what it gets of this process by a fork is looked at too.
    const prog = ['qmail-reup', 'sh', '-c', 'cat <&3 >/dev/null; echo ready; exec cat']
    await session({
      argv: ['qmail-authup', protocol, ...prog],
      input,
      during: async (child, seen) => {
        await seen('ready')
        const authup = child.pid ?? 0
        const [reup = 0, ...others] = childrenOf(authup)
        t.same(others, [])
        for (const pid of [authup, reup])
          for (const secret of [password, plain, login]) t.notOk(remembers(pid, secret), `${protocol} ${pid}`)
        t.ok(remembers(authup, 'attempt for joe'), 'what is there is found')
      },
    })
  }
})

t.test('a client that goes away, or never reads', async (t) => {
  const big = { 'control/smtpcapabilities': `${'X'.repeat(900)}\n`.repeat(1000) }
  const gone = await session({
    files: big,
    input: ['EHLO x\r\nEHLO x\r\n'],
    during: async (child) => {
      child.stdout?.destroy()
      await sleep(50)
    },
  })
  t.same([gone.code, gone.signal], [1, null], 'no signal')
  const deaf = await session({
    argv: [
      'sh',
      '-c',
      '(sleep 1; printf "EHLO x\\r\\n"; sleep 5) | { qmail-authup smtp true; echo $? >&2; } | sleep 4',
    ],
    files: { ...big, 'control/timeoutsmtpd': '1\n' },
  })
  t.match(deaf.err, /^1$/m)
})

t.test('starting TLS', async (t) => {
  const env = (control: number, read: number, write: number, level = '') => ({
    UCSPITLS: level,
    SSLCTLFD: String(control),
    SSLREADFD: String(read),
    SSLWRITEFD: String(write),
  })
  const far = (child: { stdio: readonly unknown[] }, fd: number) => child.stdio[fd] as Duplex
  const next = (stream: Duplex) => new Promise<string>((done) => stream.once('data', (data) => done(String(data))))

  t.test('descriptor 3 survives a failed login', async (t) => {
    let over = ''
    const { code, out } = await session({
      fds: ['pipe', 'pipe'],
      env: env(4, 3, 3),
      input: [`AUTH PLAIN ${WRONG}\r\nSTARTTLS\r\nMAIL FROM:<evil>\r\n`],
      during: async (child) => {
        t.equal(await next(far(child, 4)), 'Y')
        far(child, 4).write('SSL_PROTOCOL=TLSv1.3\0PATH=/evil\0SSL_CIPHER\0\0')
        far(child, 3).on('data', (data) => {
          over += data
        })
        far(child, 3).write(`AUTH PLAIN ${WRONG}\r\nAUTH PLAIN ${PLAIN}\r\nHI\r\n`)
        await sleep(200)
        far(child, 3).end()
      },
    })
    t.same(lines(out), [GREETING, REFUSED, '220 Ready to start TLS (#5.7.0)'])
    t.same(lines(over), [REFUSED, 'served', 'HI'])
    t.equal(code, 0)
  })

  t.test('POP3 runs nothing that was sent in the clear behind STLS', async (t) => {
    let over = ''
    const { out, file } = await session({
      ...pop3,
      fds: ['pipe', 'pipe'],
      env: env(3, 4, 4, ''),
      input: ['USER evil\r\nSTLS\r\nUSER joe\r\nPASS secret\r\n'],
      during: async (child) => {
        t.equal(await next(far(child, 3)), 'Y')
        far(child, 3).write('\0')
        far(child, 4).on('data', (data) => {
          over += data
        })
        far(child, 4).write('PASS secret\r\nQUIT\r\n')
        await sleep(200)
        far(child, 4).end()
      },
    })
    t.same(lines(out).slice(1), ['+OK ', '+OK starting TLS negotiation'])
    t.same(lines(over), ['-ERR authup USER first', '+OK '])
    t.equal(file('creds'), undefined)
  })

  t.test('when it fails nothing more is said', async (t) => {
    for (const [name, act] of [
      ['end of file', (control: Duplex) => control.end()],
      ['in the middle', (control: Duplex) => control.end('SSL_PROTOCOL=TLSv1.3\0')],
      ['too long', (control: Duplex) => control.end(`SSL_X=${'x'.repeat(70_000)}\0\0`)],
      ['silence', () => undefined],
    ] as const) {
      const { code, out } = await session({
        fds: ['pipe', 'pipe'],
        env: env(3, 4, 4, '!'),
        files: { 'control/timeoutsmtpd': '1\n' },
        input: [`STARTTLS\r\nAUTH PLAIN ${PLAIN}\r\n`],
        during: async (child) => {
          await next(far(child, 3))
          act(far(child, 3))
          await sleep(name === 'silence' ? 1500 : 100)
        },
      })
      t.equal(code, 1, name)
      t.same(lines(out), [GREETING, '220 Ready to start TLS (#5.7.0)'])
    }
  })
})

t.test('qmail-popup is found beside itself', async (t) => {
  for (const [name, env] of WAYS) {
    const { out, err } = await session({
      argv: [`${BIN}/qmail-popup`, 'pop.example', './check', './serve'],
      env: { ...env, PATH: '/bin:/usr/bin' },
      input: ['USER joe\r\nPASS secret\r\n'],
    })
    t.same(lines(out), ['+OK <PID.TIME@pop.example>', '+OK ', 'served'], name)
    t.match(err, /^authup \d+ protocol pop3$/m)
  }
})
