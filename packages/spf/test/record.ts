import t from 'tap'
import { type Mechanism, parseTerms, spfTexts, withRules } from '../src/record.ts'

t.test('which records are SPF records', async (t) => {
  t.strictSame(spfTexts([]), [])
  t.strictSame(spfTexts([['v=spf1']]), [''])
  t.strictSame(spfTexts([['V=SPF1 a'], ['x'], ['v=sp', '', 'f1', ' ', '-all']]), [' a', ' -all'])
  const others = ['v=spf10', 'v=spf1\ta', 'v=spf2.0/pra', ' v=spf1', 'v=spf1-all', 'v=spf', '', '\0v=spf1']
  t.strictSame(spfTexts([...others.map((text) => [text]), []]), [])
})

t.test('terms that are right', async (t) => {
  const good = `a A all +all -all ~all ?all a/0 a/32 a//0 a//128 a/24//64 a:x.y a:x.y/24//64 a:%{d}/8 a:%{l/}.x mx mx:x.y/9
    ip4:1.2.3.4 ip4:1.2.3.4/0 iP4:0.0.0.0/32 ip6::: ip6:1::2/0 ip6:1:2:3:4:5:6:7:8/128 ip6:::ffff:1.2.3.4/1 ptr ptr:x.y
    include:x.y exists:%{i}.x exists:_.y include:%{d} redirect=x.y exp=%{d} a= ip4=x x-y_z.1= x=%{S1r} x=/:= -include:x.y`
  for (const term of good.split(/\s+/)) t.ok(parseTerms(term), term)
  t.ok(parseTerms(''))
  t.ok(parseTerms('   a    mx  '))
})

t.test('terms that are wrong', async (t) => {
  const bad = `all: all/8 all.x all:x.y allx - + -- --all !all a: a:/ a/ a// a/x a/33 a/032 a/00 a//129 a//01 a/24/64 a//64/24
    a///64 a/-1 a/+1 a/1.0 a/24//64x mx: mx/ a:x mx:x a:1.2.3.4 ax a.x a- ip4 ip4: ip4/8 ip4:1.2.3 ip4:1.2.3.4.5
    ip4:1.2.3.04 ip4:256.0.0.0 ip4:1.2.3.4/33 ip4:1.2.3.4/08 ip4:1.2.3.4//8 ip4:1.2.3.4/ ip4:::1 ip4:x.y ip6 ip6:
    ip6:1.2.3.4 ip6:1::2::3 ip6:::/129 ip6:::/ ip6:::/00 ip6:::1//8 ip6:[::1] ip6:fe80::1%x ptr: ptr/8 ptr:x ptr: include
    include: include:x include:x.y/8 exists exists: exists:x.1 redirect: redirect= redirect=x redirect exp= exp=x exp=%{c}
    unknown unknown:x.y unknown/8 =x 1x= _x= -x= -redirect=x.y x=% x=%{ x=%{z} x=%{c} %{d} v=spf1%`
  for (const term of bad.split(/\s+/)) t.equal(parseTerms(`+all ${term}`), undefined, term)
  t.equal(parseTerms('redirect=x.y REDIRECT=x.y'), undefined, 'twice')
  t.equal(parseTerms('exp=x.y redirect=x.y exp=x.y'), undefined, 'twice')
  t.ok(parseTerms('x=x.y x=x.y'), 'others may be there twice')
  for (const byte of ['\t', '\n', '\r', '\0', '\x7f', '\x80', '\xff', '\u0100'])
    for (const text of [`${byte}-all`, `-all${byte}`, `-all ${byte} a`, `x=${byte}`, `ip4:1.2.3.4${byte}`])
      t.equal(parseTerms(text), undefined, JSON.stringify(text))
})

t.test('our own rules', async (t) => {
  const shown = ({ kind, qualifier, local }: Mechanism) => `${qualifier}${kind}${local ? '!' : ''}`
  const merged = (record: string, rules = 'ptr mx') =>
    withRules(parseTerms(record)!, parseTerms(rules)!.mechanisms).mechanisms.map(shown).join(' ')
  t.equal(merged('a -all'), '+a +ptr! +mx! -all')
  t.equal(merged('a -mx -all'), '+a +ptr! +mx! -mx -all', 'before the run')
  t.equal(merged('-a mx -ptr -exists:x.y -all'), '-a +mx +ptr! +mx! -ptr -exists -all')
  t.equal(merged('a -mx ~all'), '+a -mx +ptr! +mx! ~all')
  t.equal(merged('?all'), '+ptr! +mx! ?all')
  t.equal(merged('a all'), '+a +all +ptr! +mx!', 'behind what passes all')
  t.equal(merged('a -mx'), '+a -mx +ptr! +mx!', 'no all')
  t.equal(merged('-all a -all'), '+ptr! +mx! -all +a -all', 'the first one counts')
  t.equal(merged(''), '+ptr! +mx!')
  t.equal(merged('a -all', ''), '+a -all')
})
