import t from 'tap'
import { clientKey, familyOf, isLinkLocal, listenAt, networks, portOf, splitScope } from '../src/address.ts'

t.test('familyOf', async (t) => {
  for (const ip of ['0.0.0.0', '127.0.0.1', '255.255.255.255']) t.equal(familyOf(ip), 4, ip)
  for (const ip of ['::', '::1', '2001:db8::1', 'fe80::1%eth0', '::ffff:192.0.2.1', 'FE80::A'])
    t.equal(familyOf(ip), 6, ip)
  const none = [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '300.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4\n',
    ':',
    ':::',
    '::g',
    '1::2::3',
  ]
  for (const text of [...none, 'localhost', '0x7f.0.0.1', '127.1', '[::1]', '::1.2.3'])
    t.equal(familyOf(text), undefined, text)
})

t.test('listenAt', async (t) => {
  const all = { ip: '0.0.0.0', family: 4, both: false }
  for (const host of ['', '0', '0.0.0.0']) t.same(listenAt(host, undefined), all, `"${host}"`)
  t.same(listenAt('::', undefined), { ip: '::', family: 6, both: false })
  t.same(listenAt('[::]', undefined), { ip: '::', family: 6, both: false })
  t.same(listenAt(':0', undefined), { ip: '::', family: 6, both: true })
  for (const host of ['localhost', 'LocalHost'])
    t.same(listenAt(host, undefined), { ip: '127.0.0.1', family: 4, both: false }, host)
  t.same(listenAt('[192.0.2.1]', undefined), { ip: '192.0.2.1', family: 4, both: false })
  t.same(
    listenAt('2001:db8::1', 'eth0'),
    { ip: '2001:db8::1', family: 6, both: false },
    'an interface says nothing there',
  )
  t.same(listenAt('fe80::1', 'eth0'), { ip: 'fe80::1%eth0', family: 6, both: false })
  t.same(listenAt('fe80::1%lo', 'eth0'), { ip: 'fe80::1%lo', family: 6, both: false })
  for (const host of ['300.1.1.1', '1.2.3', '1.2.3.4.5', '1', '127.1', ':::', '2001:db8::g', ':1'])
    t.equal(listenAt(host, undefined), 'none', host)
  for (const host of ['mx.example', '1a.2', 'x', '0.example', '-']) t.equal(listenAt(host, undefined), 'name', host)
})

t.test('portOf', async (t) => {
  const services = () =>
    '# smtp 1/tcp\nsmtp\t\t25/tcp\tmail\n\ndomain 53/udp\ndomain 53/tcp # Domain\nbad x/tcp\ntftp 69/udp\nlast 7/tcp'
  const expected = { '0': 0, '25': 25, '65535': 65535, '0025': 25, smtp: 25, mail: 25, domain: 53, last: 7 }
  for (const [text, port] of Object.entries(expected)) t.equal(portOf(text, services), port, text)
  for (const text of ['', '65536', '99999999999999999999', '-1', '2 5', 'tftp', 'SMTP', 'bad', '#', '25/tcp', 'Domain'])
    t.equal(portOf(text, services), undefined, text)
  const unasked = () => t.fail('a number is in no need of it') as never
  t.equal(portOf('25', unasked), 25)
})

t.test('scopes', async (t) => {
  t.same(splitScope('fe80::1%eth0'), ['fe80::1', 'eth0'])
  t.same(splitScope('192.0.2.1'), ['192.0.2.1', undefined])
  t.ok(isLinkLocal('fe80::1') && isLinkLocal('febf::1%x'))
  t.notOk(isLinkLocal('fec0::1') || isLinkLocal('::1') || isLinkLocal('169.254.0.1'))
})

t.test('clientKey', async (t) => {
  t.equal(clientKey('192.0.2.1'), '192.0.2.1')
  t.equal(clientKey('2001:db8:1:2:3:4:5:6'), clientKey('2001:db8:1:2::1'))
  t.not(clientKey('2001:db8:1:2::1'), clientKey('2001:db8:1:3::1'))
  t.equal(clientKey('fe80::1%eth0'), clientKey('fe80::2%eth0'))
})

t.test('networks', async (t) => {
  const four = [...networks('192.0.2.77')]
  t.equal(four.length, 33)
  t.same(
    [four[0], four[1], four[6], four[8], four[16], four[32]],
    ['192.0.2.77/32', '192.0.2.76/31', '192.0.2.64/26', '192.0.2.0/24', '192.0.0.0/16', '0.0.0.0/0'],
  )
  const six = [...networks('2001:db8:ffff:0:0:1::1')]
  t.equal(six.length, 129)
  t.same(
    [six[0], six[64], six[80], six[96], six[128]],
    ['2001:db8:ffff::1:0:1/128', '2001:db8:ffff::/64', '2001:db8:ffff::/48', '2001:db8::/32', '::/0'],
  )
})
