import t from 'tap'
import { connectionEnds, receivedLine } from '../src/received.ts'

const ends = { host: 'client.example', ip: '192.0.2.1', info: undefined, local: 'mx.example' }
const transfer = { helo: undefined, protocol: 'SMTP', tls: [], date: '26 Sep 1995 04:46:54 -0000' }

t.test('the line', async (t) => {
  const end = '\n  by mx.example with SMTP; 26 Sep 1995 04:46:54 -0000\n'
  t.equal(receivedLine(ends, transfer), `Received: from client.example (192.0.2.1)${end}`)
  t.equal(
    receivedLine(ends, { ...transfer, helo: 'CLIENT.example' }),
    `Received: from client.example (192.0.2.1)${end}`,
  )
  t.equal(receivedLine(ends, { ...transfer, helo: '' }), `Received: from client.example (HELO ) (192.0.2.1)${end}`)
  t.equal(
    receivedLine({ ...ends, info: '' }, { ...transfer, helo: 'a_(b)\x80' }),
    `Received: from client.example (HELO a??b??) (@192.0.2.1)${end}`,
  )
  t.equal(
    receivedLine({ ...ends, info: 'joe\nX: y', ip: '2001:db8::1' }, transfer),
    `Received: from client.example (joe?X:?y@2001:db8::1)${end}`,
  )
})

t.test('TLS', async (t) => {
  const line = (tls: readonly string[]) => receivedLine(ends, { ...transfer, protocol: 'ESMTPS', tls })
  t.match(line(['TLSv1.3', 'TLS_AES_256']), ' with ESMTPS (TLSv1.3 TLS_AES_256 encrypted); ')
  t.match(line(['', 'X(y']), ' with ESMTPS (X?y encrypted); ')
  t.match(line(['', '']), ' with ESMTPS; ')
})

t.test('the environment', async (t) => {
  const of = (env: Record<string, string>) => connectionEnds((name) => env[name])
  t.same(of({}), { host: 'unknown', ip: 'unknown', info: undefined, local: 'unknown' })
  t.same(of({ TCP6REMOTEIP: '::1', TCPLOCALIP: '1.2.3.4', TCPREMOTEINFO: '' }), {
    host: 'unknown',
    ip: '::1',
    info: '',
    local: '1.2.3.4',
  })
  t.equal(of({ TCPREMOTEIP: '1.1.1.1', TCP6REMOTEIP: '::1' }).ip, '1.1.1.1')
})
