import t from 'tap'
import { fileName, quoteAddress, traceLines } from '../src/trace.ts'

t.test('quoteAddress', async (t) => {
  const same = ['', 'a@b', "!#$%&'*+-/=?^_`{|}~@b", 'a.b@c', '#@[]', 'a', 'a@b c']
  for (const address of same) t.equal(quoteAddress(address), address)
  const quoted: Record<string, string> = {
    'a b@c': '"a b"@c',
    '@c': '""@c',
    '.a@c': '".a"@c',
    'a.@c': '"a."@c',
    'a..b@c': '"a..b"@c',
    'a"b\\c@d': '"a\\"b\\\\c"@d',
    'a\rb@d': '"a\\\rb"@d',
    'a@b@c': '"a@b"@c',
    '\xe4@c': '"\xe4"@c',
    '\x7f@c': '"\x7f"@c',
    'a(b': '"a(b"',
    'a:b': '"a:b"',
  }
  for (const [address, want] of Object.entries(quoted)) t.equal(quoteAddress(address), want)
})

t.test('traceLines', async (t) => {
  const taker = { pid: 77, uid: 12, time: 812090814.5 }
  t.equal(
    traceLines('s\nX: y@z', 'r\nX: y@z', taker),
    'Return-Path: <"s\\_X: y"@z>\n' +
      'Delivered-To: r_X: y@z\n' +
      'Received: (qmail 77 invoked by uid 12); 26 Sep 1995 04:46:54 -0000\n',
  )
  t.match(traceLines('', 'a@b', taker), /^Return-Path: <>\nDelivered-To: a@b\n/)
})

t.test('fileName', async (t) => {
  t.equal(fileName(812090814.25, 77, 3, 'h.example'), '812090814.M250000P77Q3.h.example')
  t.equal(fileName(812090814, 1, 1, 'a/b:c/'), '812090814.M000000P1Q1.a\\057b\\072c\\057')
  t.match(fileName(812090814.999999, 1, 1, 'h'), /^81209081[45]\.M(999999|000000)P/)
})
