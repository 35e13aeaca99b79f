import t from 'tap'
import { parseContentType } from '../src/content-type.ts'

t.test('message/rfc822', async (t) => {
  for (const value of [' message/rfc822', 'MESSAGE/Rfc822;x', '\t"message/rfc822"; a=b', ' message/rfc822 x'])
    t.ok(parseContentType(value).isMessage, value)
  for (const value of [
    '',
    ' message/rfc8222',
    ' message /rfc822',
    ' text/plain; x=message/rfc822',
    ' "message/rfc822x"',
  ])
    t.notOk(parseContentType(value).isMessage, value)
})

t.test('boundary', async (t) => {
  const values: Readonly<Record<string, string | undefined>> = {
    ' multipart/mixed; boundary=abc': 'abc',
    'm/m;boundary=abc;x=y': 'abc',
    'm/m; x=y;\tBOUNDARY=a=b c': 'a=b',
    'm/m; boundary="a b;c" ; x=y': 'a b;c',
    'm/m; boundary="abc': 'abc',
    'm/m; boundary=\tabc': '',
    'm/m; boundary=': '',
    'm/m; boundary=one; boundary=two': 'one',
    'm/m; x="; boundary=no"; boundary=yes': 'yes',
    'm/m; x="\\"; boundary=no"; boundary=yes': 'yes',
    'm/m; x="; boundary=yes': 'yes',
    'm/m; x=y boundary=no': undefined,
    'boundary=no': undefined,
    'm/m; xboundary=no': undefined,
    'm/m; boundary =no': undefined,
    '': undefined,
  }
  for (const [value, boundary] of Object.entries(values)) t.equal(parseContentType(value).boundary, boundary, value)
})

t.test('a long one takes no longer than its length allows', async (t) => {
  const began = Date.now()
  for (const piece of ['"', ';', '"\\', ' ', ';"']) t.ok(parseContentType(piece.repeat(500_000)))
  t.ok(Date.now() - began < 2000)
})
