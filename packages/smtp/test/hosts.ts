import t from 'tap'
import { hasParent, isListedHost } from '../src/hosts.ts'

const listed =
  (...keys: string[]) =>
  (key: string) =>
    keys.includes(key)

t.test('a list of hosts', async (t) => {
  const list = [listed('b.example', '.c.example'), listed('other.example')]
  for (const host of ['b.example', 'B.EXAMPLE', 'a.c.example', 'x.a.c.example', 'other.example'])
    t.ok(isListedHost(host, list), host)
  for (const host of ['', 'c.example', 'a.b.example', 'xb.example', '.example', 'c.example.'])
    t.notOk(isListedHost(host, list), host)
  t.notOk(isListedHost('', [() => true]))
  t.ok(hasParent('a.b.c', listed('.c')))
  t.notOk(hasParent('c', listed('c', '')))
})
