import t from 'tap'
import { identName } from '../src/ident-reply.ts'
import { endLine, pidLine, statusLine, tooManyLine, verdictLine } from '../src/log-line.ts'
import { tcpVariables } from '../src/variables.ts'

const end = (ip: string, port: number, host?: string) => ({ ip, port, host })
const four = { local: end('192.0.2.1', 25, 'mx.example'), remote: end('192.0.2.9', 1234), info: undefined }
const six = { local: end('::1', 25, '0'), remote: end('fe80::1%eth0', 99, 'c.example'), info: 'me' }

t.test('log lines', async (t) => {
  t.equal(statusLine(3, 40), 'status: 3/40')
  t.equal(pidLine(77, 'fe80::1%eth0'), 'pid 77 from fe80::1')
  t.equal(endLine(77, 28416), 'end 77 status 28416')
  t.equal(tooManyLine(5, '192.0.2.9'), 'ip connection limit of 5 exceeded for: 192.0.2.9')
  t.equal(verdictLine(false, 77, four), 'ok 77 mx.example:192.0.2.1:25 :192.0.2.9::1234')
  t.equal(verdictLine(true, 77, six), 'deny 77 0:::1:25 c.example:fe80::1:me:99')
  const nasty = { ...four, remote: end('192.0.2.9', 1, 'a b\n%:\0\x7f\xe9c'), info: 'x'.repeat(101) }
  t.equal(verdictLine(false, 1, nasty), `ok 1 mx.example:192.0.2.1:25 a?b??????c:192.0.2.9:${'x'.repeat(100)}...:1`)
})

t.test('variables', async (t) => {
  t.same(Object.fromEntries(tcpVariables(four)), {
    PROTO: 'TCP',
    TCPLOCALIP: '192.0.2.1',
    TCPLOCALPORT: '25',
    TCPLOCALHOST: 'mx.example',
    TCPREMOTEIP: '192.0.2.9',
    TCPREMOTEPORT: '1234',
    TCPREMOTEHOST: undefined,
    TCPREMOTEINFO: undefined,
    TCP6LOCALIP: undefined,
    TCP6LOCALPORT: undefined,
    TCP6LOCALHOST: undefined,
    TCP6REMOTEIP: undefined,
    TCP6REMOTEPORT: undefined,
    TCP6REMOTEHOST: undefined,
    TCP6INTERFACE: undefined,
  })
  t.same(Object.fromEntries(tcpVariables(six)), {
    PROTO: 'TCP6',
    TCPLOCALIP: '::1',
    TCPLOCALPORT: '25',
    TCPLOCALHOST: '0',
    TCPREMOTEIP: 'fe80::1',
    TCPREMOTEPORT: '99',
    TCPREMOTEHOST: 'c.example',
    TCPREMOTEINFO: 'me',
    TCP6LOCALIP: '::1',
    TCP6LOCALPORT: '25',
    TCP6LOCALHOST: '0',
    TCP6REMOTEIP: 'fe80::1',
    TCP6REMOTEPORT: '99',
    TCP6REMOTEHOST: 'c.example',
    TCP6INTERFACE: 'eth0',
  })
})

t.test('identName', async (t) => {
  t.equal(identName('6193, 23 : USERID : UNIX : stjohns\r\n'), 'stjohns')
  t.equal(identName('1,2:USERID:OTHER,UTF-8: a b:c \nrest'), 'ab:c')
  t.equal(identName(`1,2:USERID:X:${'y'.repeat(1000)}\n`), 'y'.repeat(256))
  for (const reply of [
    '',
    '\n',
    '1,2:USERID:UNIX:cut',
    '1,2:ERROR:NO-USER\n',
    '1,2:USERID:UNIX:\r\n',
    '1,2:USERID\n',
    '::::\n',
  ])
    t.equal(identName(reply), undefined, JSON.stringify(reply))
})
