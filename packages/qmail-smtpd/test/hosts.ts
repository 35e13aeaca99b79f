import t from 'tap'
import { isBadSender, isRcptHost } from '../src/hosts.ts'

const listed =
  (...keys: string[]) =>
  (key: string) =>
    key !== '' && keys.includes(key.toLowerCase())

t.test('recipients', async (t) => {
  const lists = [listed('a.example', '.b.example'), listed('c.example', '.x')]
  for (const address of [
    'u@a.example',
    'u@A.Example',
    'u@x.b.example',
    'u@x.y.b.example',
    'u',
    '',
    'u@no@a.example',
    'u@c.example',
    'u@y.x',
  ])
    t.ok(isRcptHost(address, lists), address)
  for (const address of ['u@', 'u@b.example', 'u@x.a.example', 'u@xb.example', 'u@x', 'u@a.example.', '@'])
    t.notOk(isRcptHost(address, lists), address)
})

t.test('the second list is asked when the first has nothing', async (t) => {
  const asked: string[] = []
  const note = (name: string) => (key: string) => {
    asked.push(`${name} ${key}`)
    return false
  }
  isRcptHost('u@a.B.c', [note('1'), note('2')])
  t.same(asked, ['1 a.b.c', '1 .b.c', '1 .c', '2 a.b.c', '2 .b.c', '2 .c'])
})

t.test('senders', async (t) => {
  const bad = listed('u@a.example', '@b.example', '.c.example', '.tld', 'nobody')
  for (const sender of [
    'u@a.example',
    'U@A.EXAMPLE',
    'x@b.example',
    'x@y@b.example',
    'x@y.c.example',
    'x@y.tld',
    'nobody',
  ])
    t.ok(isBadSender(sender, bad), sender)
  for (const sender of [
    '',
    'x@a.example',
    'u@b.example.',
    'x@c.example',
    'x@tld',
    'x@y.b.example',
    'b.example',
    'x.tld',
  ])
    t.notOk(isBadSender(sender, bad), sender)
})
