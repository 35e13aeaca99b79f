import t from 'tap'
import { hostOf, parseAddress } from '../src/address.ts'

t.test('what the address is and what follows it', async (t) => {
  for (const [argument, address, rest] of [
    ['', '', ''],
    ['FROM:<>', '', ''],
    ['FROM:<a@b>', 'a@b', ''],
    ['junk<a@b> SIZE=1', 'a@b', ' SIZE=1'],
    ['<a@b>SIZE=1', 'a@b', 'SIZE=1'],
    ['<a b@c>', 'a b@c', ''],
    ['<a@b', 'a@b', ''],
    ['<"a b"@c>', 'a b@c', ''],
    ['<"a>b"@c> x', 'a>b@c', ' x'],
    ['<a\\>b@c> x', 'a>b@c', ' x'],
    ['<a\\\\b>', 'a\\b', ''],
    ['<a\\', 'a', ''],
    ['<a\\"b>', 'a"b', ''],
    ['<"a\\"b">', 'a"b', ''],
    ['<"never closed>', 'never closed>', ''],
    ['<@a,@b:c@d> x', 'c@d', ' x'],
    ['<@a@b>', '', ''],
    ['<@a> y:z', 'z', ''],
    ['FROM:a@b', 'a@b', ''],
    ['FROM:  a@b SIZE=1 ', 'a@b', ' SIZE=1 '],
    ['FROM:"a b"@c d', 'a b@c', ' d'],
    ['FROM:@x:a@b c', 'a@b', ' c'],
    ['a@b', '', ''],
    [':', '', ''],
    ['x: ', '', ''],
    ['<\xe9@\xfc>', '\xe9@\xfc', ''],
    ['<a@b>\r', 'a@b', '\r'],
  ] as const)
    t.same(parseAddress(argument), { address, rest }, JSON.stringify(argument))
})

t.test('hosts', async (t) => {
  t.equal(hostOf('a@b@c'), 'c')
  t.equal(hostOf('a@'), '')
  t.equal(hostOf('a'), undefined)
})

t.test('a megabyte of anything is linear', async (t) => {
  for (const c of ['<', '"', '\\', '@', ':', '>', 'x']) {
    const text = `<${c.repeat(1_000_000)}`
    const start = performance.now()
    parseAddress(text)
    t.ok(performance.now() - start < 2000, c)
  }
})
