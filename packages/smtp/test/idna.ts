import t from 'tap'
import { toAscii } from '../src/idna.ts'

/** The bytes of a text in UTF-8, as a byte string. */
const utf8 = (text: string) => Buffer.from(text).toString('latin1')

t.test('what has A-labels', async (t) => {
  const pairs: ReadonlyArray<readonly [string, string]> = [
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.Example', 'xn--bcher-kva.example'],
    ['faß.de', 'xn--fa-hia.de'],
    ['βόλος.com', 'xn--nxasmm1c.com'],
    ['ＥＸＡＭＰＬＥ.com', 'example.com'],
    ['a。b.é', 'a.b.xn--9ca'],
    ['普遍适用测试.我爱你', 'xn--tkvs6ms8gqpywye3ma.xn--6qq986b3xl'],
    ['é_x.com', 'xn--_x-9ia.com'],
    ['xn--bcher-kva.é', 'xn--bcher-kva.xn--9ca'],
    ['plain.example', 'plain.example'],
  ]
  for (const [domain, ascii] of pairs) t.equal(toAscii(utf8(domain)), ascii)
})

t.test('what has none', async (t) => {
  const names = [
    '',
    '.é',
    'é.',
    'é..com',
    'a\u200db.com',
    'a＞b.é',
    'a％41.é',
    `${'é'.repeat(70)}.com`,
    `${'é.'.repeat(60)}com`,
    'xn--é.com',
  ]
  for (const name of names) t.equal(toAscii(utf8(name)), undefined, name)
  for (const char of ' !"#$%&\'()*+,/:;<=>?@[\\]^`{|}~\0\t\n\r\x7f')
    t.equal(toAscii(utf8(`a${char}b.é`)), undefined, char)
  for (const broken of ['\xe9.com', '\xc3', '\xc0\xae.com', '\xed\xa0\x80.com', '\xff'])
    t.equal(toAscii(broken), undefined)
  t.equal(toAscii(utf8('é'.repeat(1_000_000))), undefined)
})
