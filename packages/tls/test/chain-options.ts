import t from 'tap'
import { chainSettings } from '../src/chain-options.ts'

const read = (server: boolean, ...words: string[]) =>
  chainSettings([...words, 'prog', '-v', '2'], server, 'x', (host) => /^[0-9.]+$/.test(host))
const assigned = (server: boolean, ...words: string[]) => {
  const settings = read(server, ...words)
  return 'assignment' in settings ? settings.assignment : undefined
}

t.test('defaults', async (t) => {
  t.match(read(true), { keep: false, netIn: 0, netOut: 1, prog: ['prog', '-v', '2'] })
  t.match(read(false), { keep: false, netIn: 6, netOut: 7 })
  t.match(assigned(true), { server: true, verbosity: 1, handshake: 60000, sni: 0, clientCertificate: 'none' })
  t.match(assigned(false), { server: false, verify: true, ownCertificate: false, deaf: false, strict: false })
})

t.test('letters, joined and apart, the last one counts', async (t) => {
  t.match(assigned(true, '-SJYv0', '-K', '5', '-k1'), {
    deaf: true,
    strict: true,
    clientCertificate: 'optional',
    verbosity: 0,
    handshake: 5,
    sni: 1,
  })
  t.match(assigned(true, '-S', '-s', '-Yy', '-k0', '-k7'), { deaf: false, clientCertificate: 'required', sni: 2 })
  t.match(assigned(false, '-y', '-k', 'mx.example', '--'), {
    ownCertificate: true,
    serverName: 'mx.example',
    serverHost: 'mx.example',
  })
  t.match(assigned(false, '-yY'), { ownCertificate: false })
  t.match(assigned(false, '-k192.0.2.1'), { serverName: undefined, serverHost: '192.0.2.1' })
  t.match(read(false, '-6', '3', '-74'), { netIn: 3, netOut: 4 })
  t.match(read(true, '-Z'), { keep: true })
  t.match(read(true, '-Zz'), { keep: false })
})

t.test('long names', async (t) => {
  t.match(assigned(true, '--mandatory-sni', '--mandatory-client-cert', '--close-notify', '--handshake-timeout=7'), {
    sni: 2,
    clientCertificate: 'required',
    deaf: true,
    handshake: 7,
  })
  t.match(assigned(true, '--sni', '--client-cert', '--verbosity=2'), {
    sni: 1,
    clientCertificate: 'optional',
    verbosity: 2,
  })
  t.match(assigned(false, '--no-verify-cert', '--servername=a.example', '--client-cert'), {
    verify: false,
    serverName: 'a.example',
    serverHost: undefined,
    ownCertificate: true,
  })
  t.match(assigned(false, '--no-verify-cert', '--verify-cert'), { verify: true })
  t.match(read(true, '--keep'), { keep: true })
})

t.test('misuse', async (t) => {
  t.match(read(true, '-x'), { fault: 'illegal option', option: 'x' })
  t.match(read(true, '-6', '5'), { fault: 'illegal option', option: '6' }, 'a client has these')
  t.match(read(true, '--verify-cert'), { fault: 'illegal option' })
  t.match(read(false, '--sni'), { fault: 'illegal option' })
  t.match(
    chainSettings(['-K'], true, 'x', () => false),
    { fault: 'option requires an argument', option: 'K' },
  )
  const complaint = (server: boolean, ...words: string[]) => {
    const settings = read(server, ...words)
    return 'complaint' in settings ? settings.complaint : settings
  }
  for (const bad of ['x', '', '-1', '1x', '2147483648'])
    t.equal(complaint(true, '-K', bad), 'handshake-timeout must be an unsigned integer', bad)
  t.equal(complaint(true, '-vx'), 'verbosity must be an unsigned integer')
  t.equal(complaint(true, '-kx'), 'sni-level must be an unsigned integer')
  t.equal(complaint(false, '-6', '2'), 'read-fd must be an unsigned integer (3 or more)')
  t.equal(complaint(false, '-7x'), 'write-fd must be an unsigned integer (3 or more)')
  t.equal(complaint(false, '-6', '7'), 'read-fd must be an unsigned integer (3 or more)', 'both the same')
  t.match(read(true, '-v0', '-Kx'), { quiet: true })
})
