import t from 'tap'
import { Connections } from '../src/connections.ts'

t.test('connections are counted, all and by client', async (t) => {
  const all = new Connections()
  all.add(1, '192.0.2.1')
  all.add(2, '192.0.2.1')
  all.add(3, '2001:db8::1')
  all.add(4, '2001:db8::2')
  t.equal(all.size, 4)
  t.same([...all.pids], [1, 2, 3, 4])
  t.equal(all.countOf('192.0.2.1'), 2)
  t.equal(all.countOf('2001:db8::3'), 2, 'of the same /64')
  t.equal(all.countOf('192.0.2.2'), 0)
  t.notOk(all.remove(5), 'none of ours')
  t.ok(all.remove(1))
  t.notOk(all.remove(1), 'no longer')
  t.equal(all.countOf('192.0.2.1'), 1)
  t.ok(all.remove(2) && all.remove(3) && all.remove(4))
  t.equal(all.size, 0)
  t.equal(all.countOf('192.0.2.1'), 0)
})
