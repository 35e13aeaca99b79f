import t from 'tap'
import { DEFAULTS } from '../src/assignment.ts'
import { commandIn, decisionLine } from '../src/command.ts'
import { begunLine, faultLine, handshakeFault, reasonOf, timeoutFault } from '../src/fault.ts'
import { decodeVariables, encodeVariables, SESSION_NAMES, type Session, sessionVariables } from '../src/variables.ts'

const CHAIN = { ...DEFAULTS, name: 'tlsd' }
const SERVER = { ...DEFAULTS, name: 'sslserver', style: 'sslserver', server: true, ip: '192.0.2.1', pid: 7 } as const
const CLIENT = { ...DEFAULTS, name: 'sslclient', style: 'sslclient' } as const

t.test('faults, in the words of the program that has started it', async (t) => {
  t.equal(faultLine(CHAIN, handshakeFault(CHAIN, 'handshake', 'x')), 'tlsd: fatal: unable to handshake: x')
  t.equal(faultLine(CHAIN, timeoutFault(CHAIN)), 'tlsd: fatal: handshake timed out')
  t.equal(
    faultLine(CHAIN, handshakeFault(CHAIN, 'name', 'mx')),
    'tlsd: fatal: unable to handshake: server name does not match certificate: mx',
  )
  t.equal(
    faultLine(SERVER, timeoutFault(SERVER)),
    'sslserver: warning: dropping connection, unable to accept TLS from: 192.0.2.1 for pid: 7 timed out',
  )
  t.equal(faultLine(SERVER, { code: 98, text: 'x' }), 'sslserver: fatal: x')
  t.equal(faultLine({ ...SERVER, check: true }, { code: 96, text: 'x' }), 'sslserver: fatal: x')
  t.equal(faultLine(CLIENT, timeoutFault(CLIENT)), 'sslclient: fatal: unable to TLS connect: timed out')
  t.equal(
    faultLine(CLIENT, handshakeFault(CLIENT, 'peer', 'x')),
    'sslclient: fatal: unable to verify server certificate: x',
  )
  t.equal(
    faultLine(CLIENT, handshakeFault(CLIENT, 'name', 'mx')),
    'sslclient: fatal: server name does not match certificate: mx',
  )
  t.equal(faultLine(CHAIN, { code: 1, text: 'a\nb\xff' }), 'tlsd: fatal: a?b?')
  t.equal(handshakeFault(CHAIN, 'peer', 'x').code, 97)
})

t.test('reasons', async (t) => {
  const error = Object.assign(new Error('error:0A:long'), { reason: 'WRONG_VERSION_NUMBER', code: 'ERR_X' })
  t.equal(reasonOf(error), 'wrong version number')
  t.equal(reasonOf(Object.assign(new Error('x'), { code: 'ECONNRESET' })), 'connection closed')
  t.equal(reasonOf(new Error('as it is')), 'as it is')
  t.equal(reasonOf('text'), 'text')
})

t.test('events', async (t) => {
  t.equal(begunLine({ ...SERVER, verbosity: 1 }, 'TLSv1.3', 'C'), undefined)
  t.equal(begunLine({ ...SERVER, verbosity: 2 }, 'TLSv1.3', 'C'), 'sslserver: tls 7 accept')
  t.equal(begunLine({ ...SERVER, verbosity: 3 }, 'TLSv1.3', 'C'), 'sslserver: tls 7 accept TLSv1.3 C')
  t.equal(begunLine({ ...CLIENT, verbosity: 2 }, 'TLSv1.3', 'C'), 'sslclient: tls connect')
  t.equal(begunLine({ ...CHAIN, verbosity: 2 }, 'TLSv1.3', 'C'), undefined)
  t.equal(decisionLine({ ...CHAIN, verbosity: 2 }, 'none', 9), 'tlsd: info: pid 9 declined opportunistic TLS')
  t.equal(decisionLine({ ...CHAIN, verbosity: 2 }, 'silent', 9), 'tlsd: info: pid 9 accepted opportunistic TLS')
  t.equal(decisionLine(CHAIN, 'report', 9), undefined)
  t.same([89, 121, undefined, 0, 120].map(commandIn), ['report', 'silent', 'none', 'unknown', 'unknown'])
})

const SESSION: Session = {
  server: true,
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  serverName: undefined,
  peer: undefined,
  own: undefined,
  peerHash: undefined,
}

t.test('the list', async (t) => {
  t.equal(
    encodeVariables(sessionVariables(SESSION, false)),
    'SSL_PROTOCOL=TLSv1.3\0SSL_CIPHER=TLS_AES_256_GCM_SHA384\0SSL_TLS_SNI_SERVERNAME\0SSL_PEER_CERT_HASH\0' +
      'SSL_PEER_CERT_SUBJECT\0SSL_CLIENT_VERIFY=NONE\0\0',
  )
  const named = { ...SESSION, serverName: `a\r\n${'b'.repeat(2000)}`, peerHash: 'AB' }
  const variables = new Map(sessionVariables(named, false))
  t.equal(variables.get('SSL_TLS_SNI_SERVERNAME'), `a??${'b'.repeat(1021)}`)
  t.equal(variables.get('SSL_PEER_CERT_HASH'), 'SHA256:ab')
  t.notOk(new Map(sessionVariables({ ...SESSION, server: false }, false)).has('SSL_CLIENT_VERIFY'))
  const bits = (cipher: string) => new Map(sessionVariables({ ...SESSION, cipher }, true)).get('SSL_CIPHER_USEKEYSIZE')
  t.equal(bits('TLS_AES_256_GCM_SHA384'), '256')
  t.equal(bits('ECDHE-ECDSA-AES128-GCM-SHA256'), '128')
  t.equal(bits('ECDHE-RSA-CHACHA20-POLY1305'), '256')
  t.equal(bits('NULL'), undefined)
  for (const name of SESSION_NAMES) t.match(name, /^SSL_[A-Z0-9_]+$/)
})

t.test('the list, read back', async (t) => {
  const variables = sessionVariables(SESSION, true)
  const list = Buffer.from(encodeVariables(variables), 'latin1')
  t.same(decodeVariables(list), variables)
  for (let n = 0; n < list.length; n++)
    if (decodeVariables(list.subarray(0, n)) !== undefined) t.fail(`${n} bytes are taken for all`)
  t.same(decodeVariables(Buffer.from([0])), [])
})
