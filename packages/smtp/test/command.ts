import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { type NulRule, parseCommand, splitCommand, withoutCr } from '../src/command.ts'

const parse = (line: string, nul: NulRule = 'cut'): readonly [string, string] => {
  const { verb, argument } = parseCommand(bytes(line), nul)
  return [verb, argument]
}

t.test('verb and argument', async (t) => {
  for (const [line, verb, argument] of [
    ['', '', ''],
    ['\r', '', ''],
    ['NOOP', 'noop', ''],
    ['NoOp\r', 'noop', ''],
    ['noop\r\r', 'noop\r', ''],
    ['MAIL FROM:<a>', 'mail', 'FROM:<a>'],
    ['MAIL   FROM:<a>  ', 'mail', 'FROM:<a>  '],
    ['MAIL\tFROM', 'mail\tfrom', ''],
    [' MAIL', '', 'MAIL'],
    ['MAIL ', 'mail', ''],
    ['\xc4\xd6 \xff', '\xc4\xd6', '\xff'],
  ] as const)
    t.same(parse(line), [verb, argument], JSON.stringify(line))
})

t.test('NUL', async (t) => {
  t.same(parse('NOOP\0x y\r'), ['noop', ''])
  t.same(parse('MAIL a\0b\r'), ['mail', 'a'])
  t.same(parse('\0QUIT'), ['', ''])
  t.same(parse('MAIL a\0b\0\r', 'linefeed'), ['mail', 'a\nb\n'])
  t.same(parse('A\0B c', 'linefeed'), ['a\nb', 'c'])
})

t.test('a line of 10 MB', async (t) => {
  const [verb, argument] = parse(`VRFY ${'x'.repeat(10_000_000)}`)
  t.equal(verb, 'vrfy')
  t.equal(argument.length, 10_000_000)
})

t.test('an argument that stays in place', async (t) => {
  const line = bytes('PASS  a b \0\r\r')
  const { verb, argument } = splitCommand(withoutCr(line))
  t.equal(verb, 'pass')
  t.equal(latin1(argument), 'a b \0\r')
  line.fill(0)
  t.same([...argument], [0, 0, 0, 0, 0, 0], 'overwritten with the line')
  t.equal(splitCommand(bytes('')).argument.length, 0)
})
