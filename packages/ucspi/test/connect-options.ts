import t from 'tap'
import { getopt } from '../../unix/src/getopt.ts'
import { connectTo } from '../src/address.ts'
import { CONNECT_LETTERS, connectSettings } from '../src/connect-options.ts'
import { sslVariables } from '../src/ssl-variables.ts'

function read(words: readonly string[], s6 = false) {
  const line = getopt(words, CONNECT_LETTERS)
  return 'fault' in line ? undefined : connectSettings(line, s6)
}

const REST = ['mx.example', '25', 'prog', '-v']

t.test('defaults', async (t) => {
  t.match(read(REST), {
    verbosity: 1,
    rounds: [2, 58],
    total: 0,
    localIp: undefined,
    localPort: 0,
    localHost: undefined,
    lookUpHost: true,
    identTimeout: undefined,
    noDelay: true,
    family: undefined,
    host: 'mx.example',
    port: '25',
    prog: ['prog', '-v'],
  })
})

t.test('options', async (t) => {
  t.match(read(['-vRHl0', '-T', '3+4', ...REST]), { verbosity: 2, localHost: '0', lookUpHost: false, rounds: [3, 4] })
  t.match(read(['-T7', '-q', '-d', '-4', ...REST]), { verbosity: 0, rounds: [7, 0], noDelay: false, family: 4 })
  t.match(read(['-46', '-i', '::1', '-p', '7', ...REST]), { family: 6, localIp: '::1', localPort: 7 })
  t.match(read(['-r', ...REST]), { identTimeout: 26 })
  t.match(read(['-rt5', ...REST]), { identTimeout: 5, total: 0 })
  t.match(read(['-rt0', ...REST]), { identTimeout: 0 })
  t.match(read(['-rt5', ...REST], true), { identTimeout: 26, total: 5 })
  t.match(read(['-t0', ...REST], true), { total: 0 })
})

t.test('misuse', async (t) => {
  for (const bad of [
    '-Tx',
    '-T',
    '-T+',
    '-T1+',
    '-T+1',
    '-T1+2+3',
    '-T-1',
    '-tx',
    '-px',
    '-p65536',
    '-i300.1.1.1',
    '-ihost',
  ])
    t.equal(read(bad === '-T' ? ['-T', '', ...REST] : [bad, ...REST]), undefined, bad)
  for (let n = 0; n < 3; n++) t.equal(read(REST.slice(0, n)), undefined)
})

t.test('where to connect', async (t) => {
  for (const here of ['', '0', '127.0.0.1', '[127.0.0.1]', 'localhost'])
    t.same(connectTo(here), { ips: ['127.0.0.1'] }, here)
  t.same(connectTo('[2001:db8::1]'), { ips: ['2001:db8::1'] })
  t.same(connectTo('mx.example'), { name: 'mx.example' })
  for (const none of ['300.1.1.1', '1.2.3', '1:2', '1.2.3.4.5']) t.same(connectTo(none), { ips: [] }, none)
})

t.test('variables of a connection that is TLS', async (t) => {
  const end = (ip: string, port: number) => ({ ip, port, host: undefined })
  const six = { local: end('2001:db8::1', 1), remote: end('2001:db8::2', 2), info: 'i' }
  const variables = new Map(sslVariables(six, true))
  t.equal(variables.get('PROTO'), 'TCP6')
  t.equal(variables.get('TCP6REMOTEIP'), '2001:db8::2')
  t.equal(variables.get('SSLREMOTEIP'), '2001:db8::2')
  t.equal(variables.get('SSLREMOTEINFO'), 'i')
  t.equal(variables.get('SSLLOCALPORT'), '1')
  t.ok(variables.has('SSLREMOTEHOST'))
  const without = new Map(sslVariables(six, false))
  t.equal(without.get('PROTO'), 'SSL')
  t.equal(without.get('SSLREMOTEIP'), '2001:db8::2')
  for (const [name, value] of without) if (name.startsWith('TCP')) t.equal(value, undefined, name)
})
