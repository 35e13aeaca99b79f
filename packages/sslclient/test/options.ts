import t from 'tap'
import { CONNECT_LETTERS, connectSettings } from '../../ucspi/src/connect-options.ts'
import { getopt } from '../../unix/src/getopt.ts'
import { TLS_LETTERS, tlsSettings } from '../src/options.ts'

const isLiteral = (host: string) => /^[0-9.]+$|:/.test(host)

function read(words: readonly string[], host = 'mx.example', env: Readonly<Record<string, string>> = {}) {
  const line = getopt([...words, host, '25', 'prog'], CONNECT_LETTERS + TLS_LETTERS)
  if ('fault' in line) return undefined
  const settings = connectSettings(line, false)
  return settings && tlsSettings(line.options, settings, 'sslclient', isLiteral, (name) => env[name], '/bundle')
}

const variables = (...args: Parameters<typeof read>) => new Map(read(...args)?.variables)

t.test('defaults', async (t) => {
  t.match(read([]), {
    delayed: false,
    tcp: true,
    password: undefined,
    assignment: {
      server: false,
      style: 'sslclient',
      handshake: 60000,
      idle: 3600,
      verify: true,
      ownCertificate: false,
      serverName: 'mx.example',
      serverHost: 'mx.example',
    },
  })
})

t.test('a handshake has the time of both rounds', async (t) => {
  t.match(read(['-T3+4']), { assignment: { handshake: 7000 } })
  t.match(read(['-T2147483647+5']), { assignment: { handshake: 2147483647 } }, 'what can be waited')
})

t.test('names and addresses', async (t) => {
  t.match(read([], '192.0.2.1')?.assignment, { serverName: undefined, serverHost: '192.0.2.1' })
  t.match(read([], '[2001:db8::1]')?.assignment, { serverName: undefined, serverHost: '2001:db8::1' })
  t.match(read([], '0')?.assignment, { serverName: undefined, serverHost: '127.0.0.1' })
  t.match(read(['-M'])?.assignment, { serverName: undefined, serverHost: 'mx.example' })
  t.match(read(['-N'])?.assignment, { serverName: 'mx.example', serverHost: undefined, verify: true })
  t.match(read(['-X'])?.assignment, { serverName: 'mx.example', serverHost: undefined, verify: false })
  t.match(read(['-XxNn'])?.assignment, { serverHost: 'mx.example', verify: true })
})

t.test('anchors: options, else the environment, else those of the system', async (t) => {
  const env = { CAFILE: 'e', CADIR: 'f' }
  t.match(
    [...variables([])],
    [
      ['CERTFILE', undefined],
      ['KEYFILE', undefined],
      ['CERTCHAINFILE', undefined],
      ['CAFILE', '/bundle'],
    ],
  )
  t.notOk(variables([], undefined, env).has('CAFILE'))
  t.notOk(variables([], undefined, { CADIR: 'f' }).has('CAFILE'))
  t.equal(variables(['-a', 'x'], undefined, env).get('CAFILE'), 'x')
  t.ok(variables(['-a', 'x'], undefined, env).has('CADIR'))
  t.equal(variables(['-a', 'x'], undefined, env).get('CADIR'), undefined)
  t.equal(variables(['-A', 'x'], undefined, env).get('CADIR'), 'x')
})

t.test('more options', async (t) => {
  t.match(read(['-c', 'c'])?.assignment, { ownCertificate: true })
  t.match([...variables(['-c', 'c', '-k', 'k', '-z', 'l'])].slice(0, 4), [
    ['CERTFILE', 'c'],
    ['KEYFILE', 'k'],
    ['CERTCHAINFILE', undefined],
    ['CIPHERS', 'l'],
  ])
  t.match(read(['-3']), { password: 'descriptor', assignment: { password: true } })
  t.match(read(['-3', '-K', 'f']), { password: { file: 'f' } })
  t.match(read(['-y', '-E', '-s', '-w5', '-V3', '-j']), {
    delayed: true,
    tcp: false,
    assignment: { details: true, idle: 5 },
  })
  t.match(read(['-yY']), { delayed: false })
  t.match(read(['-T', '3+4'])?.assignment, { handshake: 7000 })
  for (const bad of [
    ['-w', 'x'],
    ['-V', 'x'],
    ['-T', 'x'],
    ['-T', '1+'],
    ['-p', '65536'],
    ['-i', 'x'],
  ])
    t.equal(read(bad), undefined, bad.join(' '))
})
