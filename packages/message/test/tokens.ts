import t from 'tap'
import { endOfToken, startOfToken, tokenize, tokenText } from '../src/tokens.ts'

/** The tokens, from the first to the last; their order from the last to the first is checked beside. */
function tokens(text: string): readonly string[] {
  const marks = tokenize(text)
  const forward: Array<readonly [number, number]> = []
  for (let from = 0, to = 0; from < text.length; from = to) {
    to = endOfToken(marks, from)
    forward.push([from, to])
  }
  const backward: Array<readonly [number, number]> = []
  for (let to = text.length, from = 0; to > 0; to = from) {
    from = startOfToken(marks, to)
    backward.unshift([from, to])
  }
  t.same(backward, forward)
  return forward.map(([from, to]) => tokenText(text, marks, from, to))
}

t.test('tokens', async (t) => {
  for (const [text, wanted] of [
    ['', []],
    ['joe@h.x', ['joe', '@', 'h', '.', 'x']],
    ['a b\tc', ['a', ' ', 'b', '\t', 'c']],
    ['<a>,;:', ['<', 'a', '>', ',', ';', ':']],
    ['a"b c"d', ['a', 'b c', 'd']],
    ['"a\\"b\\\\"c', ['a"b\\', 'c']],
    ['""', ['']],
    ['"', ['']],
    ['"a', ['a']],
    ['"a\\"', ['a"']],
    ['"a\\', ['a\\']],
    ['"a(b"', ['a(b']],
    ['a\\ b', ['a b']],
    ['\\"a', ['"a']],
    ['a\\', ['a\\']],
    ['\\', ['\\']],
    ['\\\\\\', ['\\\\']],
    ['(a)(b)', ['a', 'b']],
    ['(a(b)c)d', ['a(b)c', 'd']],
    ['(a\\)b)c', ['a)b', 'c']],
    ['(a(b)', ['a(b)']],
    ['(', ['']],
    ['(\\', ['\\']],
    ['a)b', ['a)b']],
    ['[1.2]', ['[1.2]']],
    ['[1\\]2]x', ['[1]2]', 'x']],
    ['[1', ['[1]']],
    ['[', ['[]']],
    ['[[]]', ['[[]', ']']],
    ['a]b', ['a]b']],
    ['\0\x01\x7f\xff', ['\0\x01\x7f\xff']],
    ['a\rb', ['a\rb']],
  ] as const)
    t.same(tokens(text), wanted, JSON.stringify(text))
})
