import t from 'tap'
import { BAD_VALUE, isUtf8, mailParameters, rcptParameters, SYNTAX_ERROR, TOO_BIG } from '../src/parameters.ts'

const offer = { databytes: 100n, smtputf8: true }

t.test('MAIL', async (t) => {
  const plain = { utf8: false }
  for (const [rest, wanted] of [
    ['', plain],
    ['   ', plain],
    [' BODY=7BIT', plain],
    ['  body=8bitmime  auth=<>', plain],
    [' AUTH=', plain],
    [' AUTH', SYNTAX_ERROR],
    [' BODY', BAD_VALUE],
    [' BODY=', BAD_VALUE],
    [' BODY=BINARYMIME', BAD_VALUE],
    [' SIZE=0', plain],
    [' SIZE=100', plain],
    [' SIZE=101', TOO_BIG],
    [' SIZE=99999999999999999999', TOO_BIG],
    [' SIZE=000000000000000000001', BAD_VALUE],
    [' SIZE=', BAD_VALUE],
    [' SIZE', BAD_VALUE],
    [' SIZE=-1', BAD_VALUE],
    [' SIZE=1x', BAD_VALUE],
    [' SIZE=1 SIZE=1', SYNTAX_ERROR],
    [' SIZE=1 size=1', SYNTAX_ERROR],
    [' SIZE=101 X', SYNTAX_ERROR],
    [' SMTPUTF8', { utf8: true }],
    [' smtputf8 SIZE=1', { utf8: true }],
    [' SMTPUTF8=', BAD_VALUE],
    [' SMTPUTF8=1', BAD_VALUE],
    [' RET=FULL', SYNTAX_ERROR],
    [' =', SYNTAX_ERROR],
    ['SIZE=1', SYNTAX_ERROR],
    ['\tSIZE=1', SYNTAX_ERROR],
    [' SIZE=1\t', BAD_VALUE],
  ] as const)
    t.same(mailParameters(rest, offer), wanted, JSON.stringify(rest))
})

t.test('what is not on offer', async (t) => {
  t.same(mailParameters(' SIZE=99999999999999999999', { databytes: 0n, smtputf8: false }), { utf8: false })
  t.equal(mailParameters(' SMTPUTF8', { databytes: 0n, smtputf8: false }), SYNTAX_ERROR)
  t.equal(mailParameters(' SMTPUTF8=1', { databytes: 0n, smtputf8: false }), SYNTAX_ERROR)
})

t.test('RCPT takes none', async (t) => {
  t.equal(rcptParameters(''), undefined)
  t.equal(rcptParameters('  '), undefined)
  t.equal(rcptParameters(' NOTIFY=NEVER'), SYNTAX_ERROR)
  t.equal(rcptParameters('x'), SYNTAX_ERROR)
})

t.test('UTF-8', async (t) => {
  for (const text of ['', 'abc\0', '\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', '\xef\xbb\xbfx'])
    t.ok(isUtf8(text), JSON.stringify(text))
  for (const text of ['\xe9', '\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xe2\x82', 'a\x80'])
    t.notOk(isUtf8(text), JSON.stringify(text))
})
