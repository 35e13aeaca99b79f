import { formatAddress } from '@moreqmail/dns/address'
import t from 'tap'
import { clientAddress, identityOf, inNetwork, isDomain, isLoopback, mailboxOf } from '../src/identity.ts'

t.test('mailboxes', async (t) => {
  const of = (sender: string, helo = 'h.example') => mailboxOf(identityOf(sender, helo))
  t.equal(of('a@b.example'), 'a@b.example')
  t.equal(of(''), 'postmaster@h.example')
  t.equal(of('', 'a@b'), 'postmaster@a@b', 'an @ in a HELO name divides nothing')
  t.equal(of('', ''), 'postmaster@')
  t.equal(of('@b.example'), 'postmaster@b.example')
  t.equal(of('b.example'), 'postmaster@b.example')
  t.equal(of('"a@b"@c.example'), '"a@b"@c.example')
  t.equal(of('a@'), 'a@')
})

t.test('domains', async (t) => {
  const label = 'x'.repeat(63)
  const good = [
    'a.b',
    'a.b.',
    `${label}.b`,
    `${label}.${label}.${label}.${'x'.repeat(61)}`,
    '1.2.3.4',
    '_a.b',
    'a b.c',
    '\xe9.c',
  ]
  for (const name of good) t.equal(isDomain(name), true, name)
  const long = `${label}.${label}.${label}.${'x'.repeat(62)}`
  for (const name of ['', '.', 'a', 'a.', 'a..b', '.a.b', 'a.b..', `${label}x.b`, long, '[1.2.3.4]', '[IPv6:1::2.x]'])
    t.equal(isDomain(name), false, name)
})

t.test('addresses of clients', async (t) => {
  const of = (text: string) => {
    const address = clientAddress(text)
    return address && formatAddress(address)
  }
  t.equal(of('192.0.2.1'), '192.0.2.1')
  t.equal(of('::FFFF:192.0.2.1'), '192.0.2.1')
  t.equal(of('::ffff:c000:201'), '192.0.2.1')
  t.equal(of('2001:DB8::1'), '2001:db8::1')
  t.equal(of('::fffe:192.0.2.1'), '::fffe:c000:201')
  for (const text of ['', 'x', '192.0.2', '192.0.2.01', '[192.0.2.1]', '::1%lo', '192.0.2.1\n'])
    t.equal(of(text), undefined)
  for (const text of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) t.equal(isLoopback(clientAddress(text)!), true, text)
  for (const text of ['127.0.0.2', '126.0.0.1', '0.0.0.1', '::', '::2', '7f00::1', '100::1', '127.1.0.1'])
    t.equal(isLoopback(clientAddress(text)!), false, text)
})

t.test('networks', async (t) => {
  const within = (address: string, network: string, bits: number) =>
    inNetwork(clientAddress(address)!, clientAddress(network)!, bits)
  t.equal(within('192.0.2.1', '192.0.2.1', 32), true)
  t.equal(within('192.0.2.1', '192.0.2.0', 32), false)
  t.equal(within('192.0.2.1', '192.0.2.0', 31), true)
  t.equal(within('192.0.2.255', '192.0.2.128', 25), true)
  t.equal(within('192.0.2.127', '192.0.2.128', 25), false)
  t.equal(within('128.0.0.0', '127.0.0.0', 1), false)
  t.equal(within('1.2.3.4', '200.2.3.4', 0), true)
  t.equal(within('1.2.3.4', '::1', 0), false, 'families differ')
  const other = clientAddress('2001:db8:1:2:3:4:5:6')!
  t.equal(inNetwork(other, other, 128), true)
  for (let bits = 0; bits < 128; bits++) {
    const flipped = other.with(bits >> 3, (other[bits >> 3] ?? 0) ^ (128 >> (bits & 7)))
    t.equal(inNetwork(other, flipped, bits), true, `${bits} bits are the same`)
    t.equal(inNetwork(other, flipped, bits + 1), false, `bit ${bits} is not`)
  }
})
