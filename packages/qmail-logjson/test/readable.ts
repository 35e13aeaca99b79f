import t from 'tap'
import { cutBefore, readable, withoutControls } from '../src/readable.ts'

const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1')

t.test('UTF-8 stays, other bytes are named', async (t) => {
  for (const text of [
    '',
    'abc',
    'é',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  ])
    t.equal(readable(utf8(text)), utf8(text))
  t.equal(readable('a\xe9b'), 'a\\xE9b')
  t.equal(readable(`\xe9${utf8('é')}\xe9`), `\\xE9${utf8('é')}\\xE9`)
  for (const bad of [
    '\xc0\x80',
    '\xed\xa0\x80',
    '\xf4\x90\x80\x80',
    '\xe0\x80\x80',
    '\xf0\x80\x80\x80',
    '\xff',
    '\x80',
  ])
    t.match(readable(bad), /^(\\x[0-9A-F]{2})+$/, bad)
  t.equal(readable('\xe2\x82'), '\\xE2\\x82', 'cut short')
})

t.test('whatever the bytes, the result is UTF-8', async (t) => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let seed = 1
  for (let i = 0; i < 2000; i++) {
    const bytes = Buffer.from(
      Array.from({ length: 8 }, () => {
        seed = (seed * 1103515245 + 12345) & 0x7fffffff
        return ((seed >> 16) & 0x3f) | ([0x80, 0xc0, 0xe0, 0xf0, 0x40][(seed >> 8) % 5] ?? 0)
      }),
    )
    t.doesNotThrow(() => decoder.decode(Buffer.from(readable(bytes.toString('latin1')), 'latin1')))
  }
})

t.test('no control character is left bare', async (t) => {
  t.equal(withoutControls(utf8('"\x7f\u0080\u009b\u00a0é"')), `"\\u007F\\u0080\\u009B${utf8('\u00a0é')}"`)
  t.equal(JSON.parse(withoutControls(utf8('"\u009b"'))), '\u009b')
})

t.test('a cut goes through no character', async (t) => {
  const cut = (text: string) => cutBefore(Buffer.from(text, 'latin1'))
  t.equal(cut('abcd'), 4)
  t.equal(cut('abc\xe9'), 3)
  t.equal(cut('abc\xf0\x90\x80'), 3)
  t.equal(cut('ab\x80\x80\x80\x80'), 6, 'no character')
  t.equal(cut(''), 0)
  t.ok(cut('\xe9') > 0, 'never nothing at all')
})
