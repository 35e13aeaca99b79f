import t from 'tap'
import { eventOf } from '../src/event.ts'

const server = { program: 'tcpserver' }
const send = { program: 'qmail-send' }
const authup = { program: 'qmail-authup', pid: 41 }

const LINES: ReadonlyArray<readonly [string, Record<string, string | number>, string?]> = [
  ['new msg 93', { ...send, event: 'new', message: 93 }],
  [
    'info msg 93: bytes 2343 from <a b@c.example> qp 18695 uid 49491',
    { ...send, event: 'info', message: 93, bytes: 2343, sender: 'a b@c.example', qp: 18695, uid: 49491 },
  ],
  [
    'info msg 9: bytes 1 from <> qp 2 uid 3',
    { ...send, event: 'info', message: 9, bytes: 1, sender: '', qp: 2, uid: 3 },
  ],
  [
    'starting delivery 1: msg 93 to remote a@b.example',
    { ...send, event: 'start', delivery: 1, message: 93, channel: 'remote', recipient: 'a@b.example' },
  ],
  ['delivery 1: success: did_0+0+1/', { ...send, event: 'success', delivery: 1, report: 'did_0+0+1/' }],
  ['delivery 1: failure: no/', { ...send, event: 'failure', delivery: 1, report: 'no/' }, 'warn'],
  ['delivery 1: deferral: later/', { ...send, event: 'deferral', delivery: 1, report: 'later/' }, 'warn'],
  [
    'delivery 7: report mangled, will defer',
    { ...send, event: 'deferral', delivery: 7, report: 'report mangled, will defer' },
    'error',
  ],
  ['bounce msg 93 qp 2', { ...send, event: 'bounce', message: 93, qp: 2 }],
  ['triple bounce: discarding bounce/93', { ...send, event: 'discard', file: 'bounce/93' }, 'warn'],
  ['end msg 93', { ...send, event: 'end', message: 93 }],
  [
    'status: local 1/10 remote 2/20',
    { ...send, event: 'status', localCount: 1, localLimit: 10, remoteCount: 2, remoteLimit: 20 },
  ],
  [
    'status: local 1/10 remote 2/20 exitasap',
    { ...send, event: 'status', localCount: 1, localLimit: 10, remoteCount: 2, remoteLimit: 20, rest: 'exitasap' },
  ],
  ['status: exiting', { ...send, event: 'exit' }],
  ['alert: out of memory', { ...send, event: 'alert', text: 'out of memory' }, 'error'],
  ['warning: trouble', { ...send, event: 'warning', text: 'trouble' }, 'warn'],
  ['tcpserver: status: 1/40', { ...server, event: 'status', count: 1, limit: 40 }],
  ['tcpserver: pid 5 from 2001:db8::1', { ...server, event: 'pid', pid: 5, ip: '2001:db8::1' }],
  [
    'tcpserver: ok 77 0:127.0.0.1:25 :192.0.2.9::1234',
    {
      ...{ ...server, event: 'ok', pid: 77, localHost: '0', localIp: '127.0.0.1', localPort: 25 },
      ...{ remoteHost: '', ip: '192.0.2.9', info: '', remotePort: 1234 },
    },
  ],
  [
    'sslserver: deny 77 me.example:2001:db8::1:465 x.example:2001:db8::2:bob:9',
    {
      ...{ program: 'sslserver', event: 'deny', pid: 77, localHost: 'me.example', localIp: '2001:db8::1' },
      ...{ localPort: 465, remoteHost: 'x.example', ip: '2001:db8::2', info: 'bob', remotePort: 9 },
    },
    'warn',
  ],
  [
    'tcpserver: ok 77 0::25 :192.0.2.9::',
    {
      ...{ ...server, event: 'ok', pid: 77, localHost: '0', localIp: '', localPort: 25 },
      ...{ remoteHost: '', ip: '192.0.2.9', info: '' },
    },
  ],
  ['tcpserver: end 77 status 28416', { ...server, event: 'end', pid: 77, status: 28416, exit: 111 }],
  ['tcpserver: end 77 status 9', { ...server, event: 'end', pid: 77, status: 9, signal: 9 }],
  ['sslserver: tls 77 accept', { program: 'sslserver', event: 'tls', pid: 77 }],
  [
    'sslserver: tls 77 accept TLSv1.3 TLS_AES_256_GCM_SHA384',
    { program: 'sslserver', event: 'tls', pid: 77, protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
  ],
  [
    'tcpserver: warning: ip connection limit of 3 exceeded for: 192.0.2.9',
    { ...server, event: 'limit', limit: 3, ip: '192.0.2.9' },
    'warn',
  ],
  [
    'sslserver: warning: dropping connection, unable to accept TLS from: ::1 for pid: 4 handshake failure',
    { program: 'sslserver', event: 'dropped', ip: '::1', pid: 4, text: 'handshake failure' },
    'warn',
  ],
  ['tcpserver: warning: odd', { ...server, event: 'warning', text: 'odd' }, 'warn'],
  [
    'tcpserver: fatal: unable to bind: address already used',
    { ...server, event: 'fatal', text: 'unable to bind: address already used' },
    'fatal',
  ],
  ['x: usage: x y', { program: 'x', event: 'usage', text: 'x y' }, 'fatal'],
  [
    'ucspitlsd: info: pid 5 declined opportunistic TLS',
    { program: 'ucspitlsd', event: 'tls', pid: 5, decision: 'declined' },
  ],
  ['authup 41 protocol smtp', { ...authup, event: 'protocol', protocol: 'smtp' }],
  ['authup 41 negotiated TLS', { ...authup, event: 'tls' }],
  ['authup 41 checkpassword 42 attempt for bob', { ...authup, event: 'attempt', child: 42, user: 'bob' }],
  [
    'authup 41 checkpassword 42 attempt for bob from ::1',
    { ...authup, event: 'attempt', child: 42, user: 'bob', ip: '::1' },
  ],
  ['authup 41 checkpassword 42 attempt for  from ::1', { ...authup, event: 'attempt', child: 42, user: '', ip: '::1' }],
  ['authup 41 checkpassword 42 failed, 4 remaining', { ...authup, event: 'failed', child: 42, remaining: 4 }, 'warn'],
  ['authup 41 checkpassword 42 succeeded, child completed', { ...authup, event: 'succeeded', child: 42 }],
  [
    'reup 5 /bin/my prog 6 (1/0): exit 12',
    { program: 'qmail-reup', event: 'run', pid: 5, prog: '/bin/my prog', child: 6, run: 1, runs: 0, exit: 12 },
  ],
  [
    'reup 5 prog 6 (1/5): crashed',
    { program: 'qmail-reup', event: 'crash', pid: 5, prog: 'prog', child: 6, run: 1, runs: 5 },
    'error',
  ],
  ['qmail-rcptcheck: from  to b@y', { program: 'qmail-rcptcheck', event: 'check', sender: '', recipient: 'b@y' }],
  [
    'rcptcheck: badrcptto 7 unknown b@y',
    { program: 'qmail-rcptcheck', event: 'refused', check: 'badrcptto', parent: 7, ip: 'unknown', recipient: 'b@y' },
  ],
  [
    'rcptcheck: realrcptto 7  b c@y',
    { program: 'qmail-rcptcheck', event: 'refused', check: 'realrcptto', parent: 7, ip: '', recipient: 'b c@y' },
  ],
  [
    'rcptcheck: qregex 7 192.0.2.9 b@y (badmailto pattern: !(x))',
    {
      ...{ program: 'qmail-rcptcheck', event: 'refused', check: 'qregex', parent: 7, ip: '192.0.2.9' },
      ...{ value: 'b@y', kind: 'badmailto', regex: '!(x)' },
    },
  ],
  [
    'rcptcheck: qregex bad pattern in control/badhelo: (',
    { program: 'qmail-rcptcheck', event: 'bad pattern', check: 'qregex', file: 'control/badhelo', regex: '(' },
    'warn',
  ],
  [
    'qfilter: viruscan 7 192.0.2.9 TVqQAAMA',
    { program: 'qmail-qfilter-viruscan', event: 'refused', parent: 7, ip: '192.0.2.9', signature: 'TVqQAAMA' },
    'warn',
  ],
  [
    'rblsmtpd: 192.0.2.9 pid 5: 451 listed',
    { program: 'rblsmtpd', event: 'refused', ip: '192.0.2.9', pid: 5, code: 451, text: 'listed' },
  ],
  ['checknotroot: WAS RUNNING AS ROOT, TERMINATING', { program: 'checknotroot', event: 'root' }, 'error'],
]

t.test('known lines', async (t) => {
  for (const [line, fields, level = 'info'] of LINES) t.same(eventOf(line), { level, fields }, line)
})

t.test('SPF results', async (t) => {
  const line = (from: string) =>
    `qmail-spp-spf:::1: Received-SPF: pass (me: domain of x designates ::1 as permitted sender) client-ip=::1; envelope-from=${from}; helo=h;`
  const expected = { program: 'qmail-spp-spf', ip: '::1', event: 'spf', result: 'pass', helo: 'h' }
  for (const sender of ['a@x', '', '"a; helo=b@x"', '"a\\"; helo=b@x"'])
    t.match(eventOf(line(sender)).fields, { ...expected, sender }, sender)
  t.same(eventOf(`qmail-spp-spf:::1: Fallback MX check "v=spf1 mx -all" (helo='h', mailfrom=''): fail`).fields, {
    ...{ program: 'qmail-spp-spf', ip: '::1', event: 'mx', record: 'v=spf1 mx -all' },
    ...{ helo: 'h', sender: '', result: 'fail' },
  })
})

t.test('lines that are not known have no fields', async (t) => {
  for (const line of [
    '',
    ' ',
    'new msg',
    'new msg x',
    'new msg 1 ',
    'tcpserver: ok 77 0:127.0.0.1:25',
    'tcpserver: pid 77',
    ': fatal: x',
    '7: fatal: x',
    'a b: fatal: x',
    'constructor',
    'constructor x',
    'toString: fatal x',
    '__proto__ 1',
    'x: __proto__ 1',
    'authup 41 checkpassword 42 attempt for a b',
    'x\0: fatal: y',
    `new msg ${'1'.repeat(9000)}`,
  ])
    t.same(eventOf(line), { level: 'info', fields: {} }, line.slice(0, 60))
})

t.test('numbers that JavaScript would change stay text', async (t) => {
  t.equal(eventOf('end msg 999999999999999').fields['message'], 999999999999999)
  t.equal(eventOf('end msg 12345678901234567890').fields['message'], '12345678901234567890')
})

t.test('no line takes long', async (t) => {
  const parts = [' (bad pattern: ', ') client-ip=x envelope-from=', '; helo=', '"', ':', ' 1 (', '1', ' to ', '> qp ']
  const starts = LINES.map(([line]) => line.slice(0, line.indexOf(' ', line.indexOf(' ') + 1) + 1))
  const began = Date.now()
  for (const start of new Set([...starts, 'rcptcheck: qregex 7 1 ', 'qmail-spp-spf:::1: Received-SPF: pass (']))
    for (const part of parts) eventOf((start + part.repeat(8192)).slice(0, 8192))
  t.ok(Date.now() - began < 5000, `${Date.now() - began} ms`)
})
