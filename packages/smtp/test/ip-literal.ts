import t from 'tap'
import { replaceLiteral } from '../src/ip-literal.ts'

const local = {
  name: 'me.example',
  has: (ip: string) => ip === '127.0.0.1' || ip === '2001:db8::1',
  normal: (text: string) => ({ '2001:DB8:0::1': '2001:db8::1', '::': '::', '2001:db8::2': '2001:db8::2' })[text],
}

t.test('what is replaced, and what is not', async (t) => {
  for (const [host, wanted] of [
    ['[127.0.0.1]', 'me.example'],
    ['[0.0.0.0]', 'me.example'],
    ['[127.000.0.0001]', 'me.example'],
    ['[127.0.0.2]', undefined],
    ['[383.0.0.1]', undefined],
    ['[127.0.0.257]', undefined],
    ['[127.0.0.18446744073709551617]', undefined],
    ['[127.0.0]', undefined],
    ['[127.0.0.1', undefined],
    ['[127.0.0.1]x', undefined],
    ['[ 127.0.0.1]', undefined],
    ['[0x7f.0.0.1]', undefined],
    ['127.0.0.1', undefined],
    ['[IPv6:2001:DB8:0::1]', 'me.example'],
    ['[ipv6:::]', 'me.example'],
    ['[IPv6:2001:db8::2]', undefined],
    ['[IPv6:127.0.0.1]', undefined],
    ['[2001:DB8:0::1]', undefined],
    ['[IPv6:]', undefined],
    ['[]', undefined],
    ['', undefined],
  ] as const) {
    t.equal(replaceLiteral(`a@b@${host}`, local), `a@b@${wanted ?? host}`, host)
  }
  t.equal(replaceLiteral('[127.0.0.1]', local), '[127.0.0.1]')
  t.equal(replaceLiteral('', local), '')
})
