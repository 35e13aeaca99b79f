import t from 'tap'
import { breaksOut, quoteAddress } from '../src/quote.ts'

t.test('addresses', async (t) => {
  for (const plain of ['a@b', 'a.b+c@d', "!#$%&'*+-/=?^_`{|}~@b", '', 'a', 'a b', '..', 'a@[127.0.0.1]', 'a@x y\x80'])
    t.equal(quoteAddress(plain, false), plain)
  const quoted: ReadonlyArray<readonly [string, string]> = [
    ['@b', '""@b'],
    ['.a@b', '".a"@b'],
    ['a.@b', '"a."@b'],
    ['a..b@c', '"a..b"@c'],
    ['a b@c', '"a b"@c'],
    ['a@b@c', '"a@b"@c'],
    ['a"b\\c@d', '"a\\"b\\\\c"@d'],
    ['a\rb\nc@d', '"a\\\rb\\\nc"@d'],
    ['a>@b', '"a>"@b'],
    ['"a"@b', '"\\"a\\""@b'],
    ['\xe9@b', '"\xe9"@b'],
    ['a\x7f@b', '"a\x7f"@b'],
    ['a,b@c', '"a,b"@c'],
  ]
  for (const [address, path] of quoted) t.equal(quoteAddress(address, false), path)
})

t.test('with SMTPUTF8', async (t) => {
  t.equal(quoteAddress('gr\xc3\xa5@b\xc3\xa5', true), 'gr\xc3\xa5@b\xc3\xa5')
  t.equal(quoteAddress('gr\xc3\xa5@b', false), '"gr\xc3\xa5"@b')
  t.equal(quoteAddress('gr\xc3\xa5 x@b', true), '"gr\xc3\xa5 x"@b')
  t.equal(quoteAddress('.gr\xc3\xa5@b', true), '".gr\xc3\xa5"@b')
  for (const broken of ['\xc3', '\xe9x', '\xc0\xae', '\xed\xa0\x80', '\xff'])
    t.equal(quoteAddress(`${broken}@b`, true), `"${broken}"@b`)
})

t.test('what would end the command or the path', async (t) => {
  for (const address of ['a\nb@c', 'a\rb@c', 'a@b\r\nRCPT TO:<x@y', '\n', 'a>b', 'a@b>', '>', 'a@b>c', 'a>@b>'])
    t.ok(breaksOut(address), JSON.stringify(address))
  for (const address of ['', 'a', 'a@b', 'a>@b', 'a@b@c', '<@b', '\0@b', '"\\>"@b'])
    t.notOk(breaksOut(address), JSON.stringify(address))
})
