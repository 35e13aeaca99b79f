import t from 'tap'
import { lines, PLAIN, session } from './support/session.ts'

const GREETING = '220 mx.example ESMTP'
const AUTHUP = ['qmail-authup', 'smtp', './check', './serve']

const isRoot = process.getuid?.() === 0

t.test('no descriptors', async (t) => {
  // The first is enough to start, the second for a pipe.
  for (const [limit, reply] of [
    [6, '454 authup unable to open pipe (#4.3.0)'],
    [7, '454 authup unable to fork (#4.3.0)'],
  ] as const) {
    const argv = ['sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'sh', ...AUTHUP]
    const { code, out, file } = await session({ argv, input: [`AUTH PLAIN ${PLAIN}\r\nNOOP\r\n`] })
    t.same([code, lines(out)], [1, [GREETING, reply]])
    t.equal(file('creds'), undefined)
  }
})

t.test('no processes', { skip: !isRoot && 'needs root' }, async (t) => {
  const nobody = ['setpriv', '--reuid=29005', '--regid=29005', '--clear-groups']
  const argv = ['sh', '-c', 'chmod 755 .; exec "$@"', 'sh', 'prlimit', '--nproc=1:1', ...nobody, ...AUTHUP]
  for (const MOREQMAIL_EXEC of ['', 'always']) {
    const { code, out } = await session({ argv, env: { MOREQMAIL_EXEC }, input: [`AUTH PLAIN ${PLAIN}\r\nNOOP\r\n`] })
    t.equal(code, 1)
    t.same(lines(out), [GREETING, '454 authup unable to fork (#4.3.0)'])
  }
})

t.test('no home, and no control files', async (t) => {
  const smtp = '421 authup unable to read controls (#4.3.0)'
  const pop3 = '-ERR authup unable to read controls'
  for (const [protocol, reply] of [
    ['smtp', smtp],
    ['pop3', pop3],
  ] as const) {
    const argv = ['qmail-authup', protocol, 'true']
    const nowhere = await session({ argv, env: { QMAILHOME: '/nowhere/at/all' }, input: ['QUIT\r\n'] })
    t.same([nowhere.code, lines(nowhere.out)], [1, [reply]])
    for (const name of ['greeting', 'capabilities']) {
      const file = `control/${protocol}${name}/x`
      const unreadable = await session({ argv, files: { [file]: '' }, input: ['QUIT\r\n'] })
      t.same([unreadable.code, lines(unreadable.out)], [1, [reply]], file)
    }
    const timeout = `control/timeout${protocol === 'smtp' ? 'smtpd' : 'pop3d'}/x`
    const late = await session({ argv, files: { [timeout]: '' }, input: ['QUIT\r\n'] })
    t.same([late.code, lines(late.out)], [1, [reply]], timeout)
  }
})

t.test('POP3: a silent client, a long line, and no TLS to be had', async (t) => {
  const argv = ['qmail-authup', 'pop3', './check', './serve']
  const silent = session({
    argv,
    files: { 'control/timeoutpop3d': '1\n' },
    input: ['NOOP\r\n'],
    during: () => new Promise((done) => setTimeout(done, 1800)),
  })
  const long = session({ argv, input: [`USER joe\r\nUSER ${'x'.repeat(100_000)}\r\nPASS secret\r\n`] })
  const lacking = session({
    argv,
    env: { UCSPITLS: '!', SSLCTLFD: '77', SSLREADFD: 'x', SSLWRITEFD: '' },
    input: ['CAPA\r\nSTLS\r\nUSER joe\r\nNOOP\r\nQUIT\r\n'],
  })
  const [late, served, refused] = await Promise.all([silent, long, lacking])
  t.same([late.code, lines(late.out).slice(1)], [1, ['+OK ', '-ERR authup timeout']])
  t.same(lines(served.out).slice(1), ['+OK ', '-ERR authup line too long', 'served'])
  const none = '-ERR authup TLS temporarily not available'
  t.same(lines(refused.out).slice(1), [
    ...['+OK capability list follows', 'TOP', 'UIDL', '.'],
    ...[none, '-ERR authup Must start TLS first', '+OK ', '+OK '],
  ])
})
