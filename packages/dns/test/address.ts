import { sys } from '@moreqmail/unix'
import t from 'tap'
import { formatAddress, literalAddress, normalAddress, parseAddress, reverseName } from '../src/address.ts'
import { random } from './lib/packet.ts'

const V4 = ['0.0.0.0', '127.0.0.1', '192.0.2.1', '255.255.255.255', '1.20.199.249']
const NO_V4 = [
  '',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.04',
  '1..2.3',
  '1.2.3.',
  ' 1.2.3.4',
]
const V6: Array<[text: string, normal: string]> = [
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['1:0:0:4:5:6:0:0', '1::4:5:6:0:0'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['::ffff:c000:201', '::ffff:192.0.2.1'],
  ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ['fe80::', 'fe80::'],
]
const NO_V6 = [
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '1::2::3',
  '12345::',
  'g::',
  '::1.2.3',
  '::1.2.3.256',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '::%eth0',
  '::1%1',
  '::1 ',
  '[::1]',
  '1::2:3:4:5:6:7:8',
]

t.test('parsing and normal forms', (t) => {
  for (const text of V4) t.equal(normalAddress(text), text, text)
  for (const [text, normal] of V6) t.equal(normalAddress(text), normal, text)
  for (const text of [...NO_V4, ...NO_V6, '1'.repeat(1e6), ':'.repeat(1e6)])
    t.equal(parseAddress(text), undefined, JSON.stringify(text.slice(0, 40)))
  t.same(parseAddress('192.0.2.1'), Uint8Array.of(192, 0, 2, 1))
  t.same(parseAddress('2001:db8::1'), Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
  t.end()
})

t.test('as the C library sees it', (t) => {
  const pick = random(1)
  for (let round = 0; round < 2000; round++) {
    // Not 0 at the start: the C library writes those that begin with 96 zero bits in the dotted form, too.
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 32 : pick(3) === 0 ? pick(256) : 0))
    const text = formatAddress(bytes)
    if (sys.ip(text) !== text) t.fail(`${text} is ${sys.ip(text)}`)
    if (!Buffer.from(parseAddress(text) ?? []).equals(bytes)) t.fail(`${text} is not what it was`)
  }
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: 1 + pick(12) }, () => ':::::...0123af'.charAt(pick(14))).join('')
    const normal = sys.ip(text)
    const ours = parseAddress(text)
    if (typeof normal === 'string' ? ours === undefined : ours !== undefined) t.fail(`${text}: ${normal}`)
  }
  t.pass('compared')
  t.end()
})

t.test('hosts that are addresses', (t) => {
  const literals: Array<[string, string | undefined]> = [
    ['1.2.3.4', '1.2.3.4'],
    ['[1.2.3.4]', '1.2.3.4'],
    ['[2001:DB8:0::1]', '2001:db8::1'],
    ['[IPv6:2001:db8::1]', '2001:db8::1'],
    ['[ipv6:::1]', '::1'],
    ['[::ffff:1.2.3.4]', '::ffff:1.2.3.4'],
    ['2001:db8::1', undefined],
    ['1.2.3.256', undefined],
    ['[1.2.3.256]', undefined],
    ['1.2.3', undefined],
    ['01.2.3.4', undefined],
    ['[IPv6:1.2.3.4]', undefined],
    ['[IPv6:]', undefined],
    ['[IPv4:1.2.3.4]', undefined],
    ['[]', undefined],
    ['[', undefined],
    ['[1.2.3.4', undefined],
    ['1.2.3.4]', undefined],
    ['[fe80::1%eth0]', undefined],
    ['[1.2.3.4]\n', undefined],
    ['[1.2.3.4\n]', undefined],
    ['[[1.2.3.4]]', undefined],
    ['mx.example', undefined],
    ['', undefined],
  ]
  for (const [host, address] of literals) t.equal(literalAddress(host), address, JSON.stringify(host))
  t.end()
})

t.test('reverse names', (t) => {
  t.equal(reverseName('192.0.2.10'), '10.2.0.192.in-addr.arpa')
  t.equal(
    reverseName('2001:db8::567:89ab'),
    'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
    'the example of RFC 5952',
  )
  t.equal(reverseName('mx.example'), undefined)
  t.equal(reverseName(''), undefined)
  t.end()
})
