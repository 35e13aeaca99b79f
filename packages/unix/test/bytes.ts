import t from 'tap'
import { bytes, latin1, leadingNumber, lower, trimEnd, visible, wholeNumber } from '../src/bytes.ts'

const ALL = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))

t.test('byte strings and bytes', async (t) => {
  t.equal(latin1(bytes(ALL)), ALL)
  const long = ALL.repeat(1000)
  t.equal(latin1(bytes(long)), long)
  t.equal(latin1(bytes('abc'), 1, 2), 'b')
  t.equal(latin1(bytes('')), '')
})

t.test('only ASCII letters have a case', async (t) => {
  t.equal(lower('ABC[\\]^_`xyzÀÉÿ'), 'abc[\\]^_`xyzÀÉÿ')
})

t.test('blanks at the end', async (t) => {
  t.equal(trimEnd(' a b \t\n \n'), ' a b')
  t.equal(trimEnd('\r \t'), '\r')
  t.equal(trimEnd(' \n'), '')
})

t.test('numbers', async (t) => {
  for (const [text, leading, whole] of [
    ['12', 12, 12],
    ['12x', 12, undefined],
    ['', undefined, undefined],
    ['x', undefined, undefined],
    ['-1', undefined, undefined],
    ['0012', 12, 12],
    ['2147483648', 2147483648, undefined],
    ['9007199254740993', Number.POSITIVE_INFINITY, undefined],
    [`1${'0'.repeat(400)}`, Number.POSITIVE_INFINITY, undefined],
  ] as const) {
    t.equal(leadingNumber(text), leading, text.slice(0, 20))
    t.equal(wholeNumber(text), whole, text.slice(0, 20))
  }
})

t.test('what is shown of foreign text', async (t) => {
  t.equal(visible('a b\n\xe9\x7f~!'), 'a?b???~!')
})
