import t from 'tap'
import { LISTEN_LETTERS, listenSettings } from '../../ucspi/src/listen-options.ts'
import { getopt } from '../../unix/src/getopt.ts'
import { TLS_LETTERS, tlsSettings } from '../src/options.ts'

function read(words: readonly string[], entries: readonly string[] = ['CERTFILE=c']) {
  const line = getopt([...words, '0', '25', 'prog'], LISTEN_LETTERS + TLS_LETTERS)
  if ('fault' in line) return undefined
  const settings = listenSettings(line, true, () => undefined)
  return settings && tlsSettings(line.options, settings, 'sslserver', entries)
}

t.test('defaults', async (t) => {
  t.match(read([]), {
    delayed: false,
    tcp: true,
    matchHost: false,
    firstRules: undefined,
    assignment: {
      server: true,
      name: 'sslserver',
      style: 'sslserver',
      verbosity: 1,
      handshake: 26000,
      idle: 3600,
      details: false,
      sni: 0,
      clientCertificate: 'none',
    },
  })
})

t.test('options', async (t) => {
  t.match(read(['-ne', '-vRl0']), { delayed: true, tcp: true, assignment: { verbosity: 2 } })
  t.match(read(['-nNeEsS']), { delayed: false, tcp: false, assignment: { details: false } })
  t.match(read(['-z']), { matchHost: true, assignment: { clientCertificate: 'required' } })
  t.match(read(['-zm']), { matchHost: false, assignment: { clientCertificate: 'required' } })
  t.match(read(['-mZ']), { assignment: { clientCertificate: 'none' } })
  t.match(read(['-T5', '-w', '0', '-3', '-y', 'r']), {
    firstRules: 'r',
    assignment: { handshake: 5000, idle: 0, password: true },
  })
  t.match(read(['-u', '5', '-g6']), { assignment: { uid: 5, gid: 6 } })
  t.match(read(['-T2147483647']), { assignment: { handshake: 2147483647 } }, 'milliseconds that can be waited')
  for (const bad of ['-Tx', '-w', '-T-1', '-w2147483648'])
    t.equal(read([bad, bad === '-w' ? 'x' : '-n']), undefined, bad)
})

t.test('names are used where there are any', async (t) => {
  t.equal(read([], ['CERTFILE:a=x', 'CERTFILE=c'])?.assignment.sni, 1)
  t.equal(read([], ['CERTFILE:a=x', 'CERTCHAINFILE=c'])?.assignment.sni, 1)
  t.equal(read([], ['CERTFILE:a=x'])?.assignment.sni, 2)
  t.equal(read([], ['CERTFILE:a=x', 'CERTFILE='])?.assignment.sni, 2)
  t.equal(read([], [])?.assignment.sni, 0)
})
