import t from 'tap'
import { defaultRules, parseRule, parseRules, rewriteAddress, rewriteHost } from '../src/host-rules.ts'

const defaults = defaultRules({ defaulthost: 'dh.ex', defaultdomain: 'dd.ex', plusdomain: 'plus.ex' })

t.test('without rules of the administrator', async (t) => {
  for (const [host, full] of [
    ['', 'dh.ex'],
    ['h', 'h.dd.ex'],
    ['h.', 'h.dd.ex'],
    ['h+', 'h.plus.ex'],
    ['h+.', 'h.plus.ex'],
    ['a.b', 'a.b'],
    ['a.b.', 'a.b'],
    ['a.b+', 'a.b.plus.ex'],
    ['h..', 'h.'],
    ['[1.2.3.4]', '[1.2.3.4]'],
    ['[1.2.3.4].', '[1.2.3.4]'],
    ['[h', '[h'],
    ['h]', 'h]'],
    ['.', 'dh.ex'],
    ['+', '.plus.ex'],
  ] as const)
    t.equal(rewriteHost(host, defaults), full, host)
  t.equal(rewriteHost('', defaultRules({ defaulthost: 'h', defaultdomain: 'dd', plusdomain: '' })), 'h.dd')
  t.equal(rewriteHost('h', defaultRules({ defaulthost: '', defaultdomain: '', plusdomain: '' })), 'h.')
})

t.test('kinds of rules', async (t) => {
  const host = (rule: string, host: string) => rewriteHost(host, parseRules(rule))
  t.equal(host('=one:two', 'ONE'), 'two')
  t.equal(host('=one:two', 'xone'), 'xone')
  t.equal(host('=:two', ''), 'two')
  t.equal(host('*.B:.c', 'a.b'), 'a.c')
  t.equal(host('*.b:.c', 'b'), 'b')
  t.equal(host('*:.c', 'b'), 'b.c')
  t.equal(host('?.b:.c', 'a.b'), 'a.c')
  t.equal(host('?.b:.c', 'x.a.b'), 'x.a.b')
  t.equal(host('?.b:.c', '[a.b'), '[a.b')
  t.equal(host('?.b:.c', '.b'), '.c')
  t.equal(host('-.b:c', 'x.a.B'), 'c')
  t.equal(host('-:c', 'x'), 'c')
  t.equal(host('=\xc9:x', '\xe9'), '\xe9', 'only ASCII has cases')
  t.equal(host('=[:x', '{'), '{')
  t.equal(host('=one:two\n=two:three\n=three:one', 'one'), 'one', 'in order, each once')
})

t.test('lines', async (t) => {
  for (const line of ['', 'h:x', '=h', '+h:x', ' =h:x', ':', '#=h:x']) t.equal(parseRule(line), undefined, line)
  t.same(parseRule('=h:x:y'), { kind: '=', end: 'h', text: 'x:y' })
  t.same(parseRule('*:'), { kind: '*', end: '', text: '' })
  t.same(parseRules('# =a:b\n=c:d \t\n\n \n=e:f'), [
    { kind: '=', end: 'c', text: 'd' },
    { kind: '=', end: 'e', text: 'f' },
  ])
  t.same(parseRules('=a\0:b\0'), [{ kind: '=', end: 'a\n', text: 'b\n' }], 'NUL is a line feed')
})

t.test('addresses', async (t) => {
  for (const [address, full] of [
    ['', ''],
    ['@', ''],
    ['joe', 'joe@dh.ex'],
    ['joe@', 'joe@dh.ex'],
    ['joe@h', 'joe@h.dd.ex'],
    ['@h', '@h.dd.ex'],
    ['a@b@c', 'a@b@c.dd.ex'],
    ['a@b.c', 'a@b.c'],
    ['a@@', 'a@@.dd.ex'],
  ] as const)
    t.equal(rewriteAddress(address, defaults), full, address)
})
