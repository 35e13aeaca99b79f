import t from 'tap'
import { serversFrom } from '../src/servers.ts'

const none = () => ''
const texts = (dnscacheip: string | undefined, file = '') =>
  serversFrom(dnscacheip, () => file).map(({ ip, port }) => `${ip} ${port}`)

t.test('DNSCACHEIP', (t) => {
  t.same(texts('192.0.2.1'), ['192.0.2.1 53'])
  t.same(texts(' 192.0.2.1\t192.0.2.2:5353  [2001:db8::1]:54 [::1] 2001:db8::2 '), [
    '192.0.2.1 53',
    '192.0.2.2 5353',
    '2001:db8::1 54',
    '::1 53',
    '2001:db8::2 53',
  ])
  t.same(texts('[fe80::1%eth0]:53'), ['fe80::1%eth0 53'])
  t.same(texts('[192.0.2.1]:53'), ['192.0.2.1 53'])
  const wrong = 'x 192.0.2.256 192.0.2.1: 192.0.2.1:0 192.0.2.1:65536 192.0.2.1:1x [::1 ::1] []:53 : 1.2.3.4%eth0 []'
  t.same(texts(`${wrong} 192.0.2.9`), ['192.0.2.9 53'], 'what is no server is passed over')
  t.same(texts(wrong), ['127.0.0.1 53'], 'and no reason to ask nobody')
  t.equal(texts(Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`).join(' ')).length, 16)
  let read = 0
  serversFrom('192.0.2.1', () => {
    read++
    return ''
  })
  t.equal(read, 0, 'the file is not needed then')
  t.end()
})

t.test('resolv.conf', (t) => {
  const file = [
    '# nameserver 192.0.2.99',
    'search example.org',
    'nameserver\t192.0.2.1 # the first',
    'nameserver 2001:db8::1',
    ' nameserver 192.0.2.98',
    'nameservers 192.0.2.97',
    'nameserver',
    'nameserver mx.example',
    'nameserver fe80::1%eth0\r',
    'nameserver 192.0.2.4',
    'options edns0',
  ].join('\n')
  t.same(texts(undefined, file), ['192.0.2.1 53', '2001:db8::1 53', 'fe80::1%eth0 53'])
  t.same(texts('', 'nameserver 192.0.2.1:54\n'), ['127.0.0.1 53'], 'no ports there')
  t.same(texts('', 'nameserver 192.0.2.1'), ['192.0.2.1 53'], 'last line without its end')
  t.same(serversFrom(undefined, none), [{ ip: '127.0.0.1', port: 53 }])
  t.same(texts(undefined, '\0\xff\n'.repeat(1000)), ['127.0.0.1 53'])
  t.end()
})
