import t from 'tap'
import { type Assignment, assignmentWords, DEFAULTS, readAssignment, restricted } from '../src/assignment.ts'
import { idFault, isTlsSetting, readSettings } from '../src/settings.ts'

const SERVER: Assignment = { ...DEFAULTS, server: true }
const CLIENT: Assignment = { ...DEFAULTS, server: false }

const read = (assignment: Assignment, ...entries: string[]) => readSettings(entries, assignment)

t.test('a server', async (t) => {
  t.match(read(SERVER, 'CERTFILE=c'), { identity: { certificate: 'c', key: 'c' }, named: [], oldest: 'TLSv1.2' })
  t.match(read(SERVER, 'CERTFILE=c', 'KEYFILE=k'), { identity: { certificate: 'c', key: 'k' } })
  t.match(read(SERVER, 'CERTFILE=c', 'KEYFILE='), { identity: { certificate: 'c', key: 'c' } })
  t.match(read(SERVER, 'CERTFILE=c', 'CERTCHAINFILE=h'), { identity: { certificate: 'h', key: 'c' } })
  t.match(read(SERVER, 'CERTCHAINFILE=h'), { identity: { certificate: 'h', key: 'h' } })
  t.match(read(SERVER, 'CERTFILE=c', 'CERTFILE=d'), { identity: { certificate: 'c' } }, 'the first counts')
  t.match(read(SERVER, 'CERTFILE=c', 'CAFILE=a'), { anchorFile: '' }, 'no anchors where nobody is asked')
  t.same(read(SERVER), { code: 100, text: 'CERTFILE not set' })
  t.same(read(SERVER, 'CERTFILE='), { code: 100, text: 'CERTFILE not set' })
  t.same(read({ ...SERVER, style: 'sslserver' }), { code: 100, text: 'unable to load certificate: CERTFILE not set' })
})

t.test('names', async (t) => {
  const pairs = ['CERTFILE:a=ca', 'KEYFILE:a=ka', 'CERTFILE:*.b=cb', 'KEYFILE:*.b=']
  t.match(read(SERVER, 'CERTFILE=c', ...pairs, 'KEYFILE:x=k'), { named: [] }, 'without SNI they are not looked at')
  const named = [
    { name: 'a', certificate: 'ca', key: 'ka' },
    { name: '*.b', certificate: 'cb', key: 'cb' },
  ]
  t.match(read({ ...SERVER, sni: 1 }, 'CERTFILE=c', ...pairs), { identity: { certificate: 'c' }, named })
  t.match(read({ ...SERVER, sni: 2 }, 'CERTFILE=c', ...pairs), { identity: undefined, named })
  t.match(read({ ...SERVER, sni: 2 }, ...pairs), { named })
  t.match(read({ ...SERVER, sni: 1 }, ...pairs), { code: 100 })
  t.match(read({ ...SERVER, sni: 2 }, 'CERTFILE=c'), { identity: undefined, named: [] }, 'the client gets an alert')
  t.match(read({ ...SERVER, sni: 2, style: 'sslserver' }, 'CERTFILE=c'), { code: 100 })
  t.same(read({ ...SERVER, sni: 1 }, 'CERTFILE=c', 'KEYFILE:x=k'), {
    code: 96,
    text: 'environment variable KEYFILE:x not paired with the corresponding CERTFILE',
  })
})

t.test('anchors', async (t) => {
  const asks = { ...SERVER, clientCertificate: 'optional' } as const
  t.match(read(asks, 'CERTFILE=c', 'CAFILE=a'), { anchorFile: 'a', anchorDirectory: '' })
  t.match(read(asks, 'CERTFILE=c', 'CADIR=d', 'CAFILE=a'), { anchorFile: 'a', anchorDirectory: 'd' })
  t.same(read(asks, 'CERTFILE=c'), { code: 100, text: 'CADIR or CAFILE not set' })
  t.same(read(CLIENT), {
    code: 100,
    text: 'unable to get trust anchor list: neither CADIR nor CAFILE is set',
  })
  t.match(read({ ...CLIENT, verify: false }), { identity: undefined, anchorFile: '' })
  t.match(read({ ...CLIENT, verify: false }, 'CERTFILE=c'), { identity: undefined }, 'shown only if it is wanted')
  t.match(read({ ...CLIENT, ownCertificate: true }, 'CAFILE=a', 'CERTFILE=c'), { identity: { certificate: 'c' } })
  t.same(read({ ...CLIENT, ownCertificate: true }, 'CAFILE=a'), { code: 100, text: 'CERTFILE not set' })
  t.equal(restricted(asks, ['CCAFILE=-']).clientCertificate, 'none')
  t.equal(restricted(asks, ['CCAFILE=x']).clientCertificate, 'optional')
})

t.test('users', async (t) => {
  const ids = (assignment: Assignment, ...entries: string[]) => {
    const settings = read(assignment, 'CERTFILE=c', ...entries)
    return 'code' in settings ? settings.text : [settings.uid, settings.gid]
  }
  const listener = { ...SERVER, style: 'sslserver', uid: 7, gid: 8 } as const
  t.same(ids(SERVER), [undefined, undefined])
  t.same(ids(SERVER, 'TLS_UID=1', 'TLS_GID=2', 'SSL_UID=3', 'SSL_GID=4'), [1, 2])
  t.same(ids(SERVER, 'SSL_UID=3', 'SSL_GID=4'), [3, 4])
  t.same(ids(listener, 'TLS_UID=1', 'TLS_GID=2', 'SSL_UID=3', 'SSL_GID=4'), [3, 4])
  t.same(ids(listener, 'TLS_UID=1'), [1, 8])
  t.same(ids(listener), [7, 8])
  t.same(ids(SERVER, 'TLS_UID=0', 'SSL_UID=3'), [3, undefined], '0 is as if it were not there')
  for (const bad of ['x', '1x', '-1', '2147483648', ' 1']) t.equal(ids(SERVER, `TLS_UID=${bad}`), 'invalid TLS_UID')
  t.equal(ids(SERVER, 'SSL_GID=root'), 'invalid SSL_GID')
  t.same(
    idFault((name) => (name === 'SSL_UID' ? 'x' : undefined)),
    { code: 100, text: 'invalid SSL_UID' },
  )
  t.equal(
    idFault(() => ''),
    undefined,
  )
})

t.test('versions and ciphers', async (t) => {
  t.match(read(SERVER, 'CERTFILE=c', 'TLS_MINVERSION=TLSv1.3', 'CIPHERS=x'), { oldest: 'TLSv1.3', ciphers: 'x' })
  for (const bad of ['TLSv1.1', 'TLSv1', 'tlsv1.2', '1.2'])
    t.same(read(SERVER, 'CERTFILE=c', `TLS_MINVERSION=${bad}`), { code: 100, text: 'invalid TLS_MINVERSION' })
})

t.test('what the program does not see', async (t) => {
  for (const name of ['CERTFILE', 'KEYFILE', 'CERTFILE:a', 'KEYFILE:*.b', 'CAFILE', 'CADIR', 'TLS_UID', 'SSL_CHROOT'])
    t.ok(isTlsSetting(name), name)
  for (const name of ['', 'PATH', 'CERTFILES', 'xCERTFILE:a', 'SSL_PROTOCOL', 'UCSPITLS'])
    t.notOk(isTlsSetting(name), name)
})

t.test('assignments survive the command line', async (t) => {
  const full: Assignment = {
    ...DEFAULTS,
    server: true,
    name: 's6-tlsd=x',
    style: 'sslserver',
    verbosity: 3,
    report: true,
    handshake: 26000,
    uid: 5,
    clientCertificate: 'required',
    clientHost: '',
    verify: false,
    serverName: 'a b',
    ip: '2001:db8::1',
  }
  t.same(readAssignment(assignmentWords(full)), full)
  t.same(assignmentWords(DEFAULTS), [])
  t.same(readAssignment([]), DEFAULTS)
  for (const bad of ['x', 'x=1', '=', 'uid=x', 'handshake=', 'toString=1'])
    t.equal(readAssignment([bad]), undefined, bad)
})
