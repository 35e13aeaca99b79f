import t from 'tap'
import { folded, matches, parsePattern } from '../src/index.ts'

/** Whether the pattern matches in each of the values, as text: `1` for yes. */
function shown(pattern: string, ...values: string[]): string {
  const automaton = parsePattern(pattern)
  if (automaton === undefined) return 'bad'
  return values.map((value) => (matches(automaton, folded(value)) ? '1' : '0')).join('')
}

const bad = (t: { equal(a: unknown, b: unknown, m: string): boolean }, ...patterns: string[]) => {
  for (const pattern of patterns) t.equal(shown(pattern), 'bad', JSON.stringify(pattern).slice(0, 80))
}

t.test('bytes, in any case, anywhere', async (t) => {
  t.equal(shown('b@Y', 'ab@y.org', 'AB@Y', 'b@', ''), '1100')
  t.equal(shown('', '', 'x'), '11')
  t.equal(shown('a.c', 'abc', 'a\nc', 'a\xffc', 'ac'), '1110')
  t.equal(shown('\xc9', '\xc9', '\xe9'), '10', 'only ASCII has case')
  t.equal(shown('[\xe0-\xff]', '\xe9', '\xc9'), '10')
  t.equal(shown('^.$', '\xff', '\xc3\xa9'), '10', 'bytes, not characters')
})

t.test('the ends, wherever they stand', async (t) => {
  t.equal(shown('^ab$', 'ab', 'xab', 'abx', 'ab\n', '\nab'), '10000')
  t.equal(shown('a^b', 'ab', 'a^b'), '00')
  t.equal(shown('(^a|b$)', 'ax', 'xb', 'xax', 'bxb'), '1101')
  t.equal(shown('$a|b^', 'a', 'b'), '00')
  t.equal(shown('^^a$$', 'a'), '1')
  t.equal(shown('x*^a', 'a', 'xa'), '10')
  t.equal(shown('(^)*a(^)+', 'ba', 'a'), '00')
  t.equal(shown('(^|b)a', 'a', 'ba', 'ca'), '110')
  bad(t, '^*', '^+', 'a|^?', '(^{2})', '$*a', '\\b*', '\\<+', "a\\'{1}", '\\`*')
})

t.test('brackets', async (t) => {
  t.equal(shown('^[a-c]+$', 'abC', 'abd'), '10')
  t.equal(shown('[^a]', 'a', 'A', 'b', '\n'), '0011')
  t.equal(shown('^[]\\]+$', ']\\', 'a'), '10')
  t.equal(shown('^[^]\\]$', ']', '\\', 'a', '\n'), '0011')
  t.equal(shown('^[a-]$', 'a', '-', 'b'), '110')
  t.equal(shown('^[-a]$', 'a', '-', 'b'), '110')
  t.equal(shown('^[^-a]$', 'a', '-', 'b'), '001')
  t.equal(shown('^[+--]$', '+', ',', '-', '.'), '1110')
  t.equal(shown('^[--/]$', '-', '.', '/', ','), '1110')
  t.equal(shown('^[]-^]$', ']', '^', '\\'), '110')
  t.equal(shown('^[[a]$', '[', 'a'), '11')
  t.equal(shown('^[a\\n]$', 'n', '\\', '\n'), '110')
  t.equal(shown('^[[:upper:]]$', 'a', 'A', '1'), '110')
  t.equal(shown('^[[:digit:]_x-z]$', '5', '_', 'Y', 'a'), '1110')
  t.equal(shown('^[^[:alnum:]]$', 'a', '5', '_'), '001')
  t.equal(shown('^[[:alpha:]-]$', 'a', '-', '1'), '110')
  t.equal(shown('^[[.a.]-c]$', 'B', 'd'), '10')
  t.equal(shown('^[[=b=][.].][.-.]]$', 'B', ']', '-', 'c'), '1110')
  t.equal(shown('^[A-z]$', '_', 'a', 'Z', '{'), '1110')
  t.equal(shown('^[Z-a]$', 'A', 'b', '^'), '101')
  bad(t, '[', '[]', '[^]', '[^', '[a', '[a-', '[[', '[[:', '[[:alpha', '[[:alpha:', '[[:alpha:]', '[[:]', '[[.')
  bad(t, '[z-a]', '[a-c-e]', '[[:alpha:]-z]', '[a-[:digit:]]', '[[=a=]-c]', '[a-[=c=]]', '[%-[.ab.]]')
  bad(t, '[[:foo:]]', '[[:ALPHA:]]', '[[::]]', '[[..]]', '[[.ab.]]', '[[=ab=]]', '[[:toString:]]')
})

t.test('classes are those of the C locale, with both cases', async (t) => {
  const members = (name: string) =>
    Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
      .filter((char) => shown(`[[:${name}:]]`, char) === '1')
      .join('')
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ[]abcdefghijklmnopqrstuvwxyz'.replace('[]', '')
  const printed = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
  const control = `${Array.from({ length: 32 }, (_, i) => String.fromCharCode(i)).join('')}\x7f`
  t.equal(members('alpha'), letters)
  t.equal(members('upper'), letters)
  t.equal(members('lower'), letters)
  t.equal(members('digit'), '0123456789')
  t.equal(members('alnum'), `0123456789${letters}`)
  t.equal(members('xdigit'), '0123456789ABCDEFabcdef')
  t.equal(members('blank'), '\t ')
  t.equal(members('space'), '\t\n\v\f\r ')
  t.equal(members('print'), printed)
  t.equal(members('graph'), printed.slice(1))
  t.equal(members('punct'), printed.slice(1).replace(/[A-Za-z0-9]/g, ''))
  t.equal(members('cntrl'), control)
})

t.test('counts', async (t) => {
  t.equal(shown('^a*$', '', 'aaa', 'ab'), '110')
  t.equal(shown('^a+$', '', 'aaa', 'ab'), '010')
  t.equal(shown('^a?$', '', 'a', 'aa'), '110')
  t.equal(shown('^a{2}$', 'a', 'aa', 'aaa'), '010')
  t.equal(shown('^a{2,}$', 'a', 'aa', 'aaa'), '011')
  t.equal(shown('^a{,2}$', '', 'aa', 'aaa'), '110')
  t.equal(shown('^a{1,2}$', '', 'a', 'aa', 'aaa'), '0110')
  t.equal(shown('^a{,}$', '', 'aaa'), '11')
  t.equal(shown('^a{0}b$', 'b', 'ab'), '10')
  t.equal(shown('^(ab){02}$', 'abab', 'ab'), '10')
  t.equal(shown('^a**$', '', 'aa'), '11')
  t.equal(shown('^x?+$', '', 'xx'), '11')
  t.equal(shown('^x+?$', '', 'xx'), '11')
  t.equal(shown('^a{1,2}{2}$', 'a', 'aa', 'aaaa', 'aaaaa'), '0110')
  t.equal(shown('^(a|b{2})*c$', 'abbac', 'abc'), '10')
  t.equal(shown('^((a*)*)*$', 'aaa', 'b'), '10')
  t.equal(shown('^(|a){3}$', 'aaa', 'aaaa'), '10')
  t.equal(shown('^a{32767}$', 'a'.repeat(32767), 'a'.repeat(32766)), '10')
  t.equal(shown('^(a{100}){100}$', 'a'.repeat(10000), 'a'.repeat(9999)), '10')
  bad(t, '*', '+a', '?', '{', '{1}', 'a|*b', '(*a)', '(|+)', 'a{', 'a{1', 'a{1,', 'a{1,2', 'a{x}', 'a{}', 'a{1x}')
  bad(t, 'a{2,1}', 'a{32768}', 'a{,32768}', 'a{1,2,3}', 'a{-1}', 'a{ 1}', 'a{1\\,2}', 'a{99999999999999999999}')
})

t.test('groups, alternatives, and what is only itself', async (t) => {
  t.equal(shown('^(a|bc|)d$', 'ad', 'bcd', 'd', 'abcd'), '1110')
  t.equal(shown('()', ''), '1')
  t.equal(shown('x|', 'y'), '1')
  t.equal(shown('^(x||y)$', '', 'x', 'y', 'z'), '1110')
  t.equal(shown('a)', 'a)', 'a'), '10')
  t.equal(shown('^)*]}$', ')))]}', ']}'), '11')
  t.equal(shown('^(a)(b(c))$', 'abc'), '1')
  t.equal(shown(')|(a', 'a'), 'bad')
  bad(t, '(', '(a', 'a(b(c)', '((', '(|', 'a|(')
})

t.test('escapes', async (t) => {
  t.equal(shown('^\\.\\*\\[\\(\\{\\|\\^\\$\\\\$', '.*[({|^$\\'), '1')
  t.equal(shown('^\\n\\Q\\0\\ \\-$', 'Nq0 -'), '1')
  t.equal(shown('^\\w+$', 'aZ_9', 'a-b', '\xe9'), '100')
  t.equal(shown('^\\W+$', '-. \xe9', 'a'), '10')
  t.equal(shown('^\\s\\S$', '\va', 'aa'), '10')
  t.equal(shown('\\bcat\\b', 'a cat', 'cat', 'concat', 'cat_'), '1100')
  t.equal(shown('\\Bcat', 'concat', 'cat', '-cat'), '100')
  t.equal(shown('\\<a', 'a', '-a', 'ba', '_a'), '1100')
  t.equal(shown('a\\>', 'a', 'a-', 'ab'), '110')
  t.equal(shown('\\b', '', '-', 'a'), '001')
  t.equal(shown('\\B', '', 'a', 'ab', '-'), '1011')
  t.equal(shown("\\`a\\'", 'a', 'ab', 'ba'), '100')
  bad(t, '\\', 'a\\', '(a)\\1', '\\9')
})

t.test('any pattern is linear in the value', async (t) => {
  const value = `${'a'.repeat(20000)}!`
  const began = performance.now()
  for (const pattern of ['^(a+)+$', '(a|a)*b', '(x+x+)+y', '(.*)*=(.*)*;', '^(([a-z])+.)+[A-Z]([a-z])+$', '(a?){50}b'])
    t.equal(shown(pattern, value), '0', pattern)
  t.ok(performance.now() - began < 10000)
})

t.test('nothing blows up', async (t) => {
  t.equal(shown('((a{1,100}){1,100}){1,100}'), 'bad')
  t.equal(shown('(((a{32767}){32767}){32767}){32767}'), 'bad')
  t.equal(shown('((((){32767}){32767}){32767}){32767}', 'x'), '1')
  t.equal(shown('(a{1000}){900}', 'a'), '0', 'what needs less than a million is fine')
  t.equal(shown('(a{1000}){1100}'), 'bad')
  const deep = 200000
  t.equal(shown(`${'('.repeat(deep)}a${')'.repeat(deep)}`, 'a'), '1')
  t.equal(shown(`${'('.repeat(deep)}a${')*'.repeat(deep)}b`, 'b'), '1')
  t.equal(shown(`^a${'*'.repeat(deep)}b`, 'b'), '1')
  t.equal(shown(`${'x|'.repeat(deep)}b`, 'b'), '1')
  t.equal(shown('('.repeat(10_000_000)), 'bad')
  t.equal(shown('a'.repeat(10_000_000)), 'bad')
  t.equal(shown('[ab]'.repeat(2_500_000)), 'bad')
  t.equal(shown(`a{1${' '.repeat(10_000_000)}}`), 'bad')
})
