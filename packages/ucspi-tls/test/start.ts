import { bytes, Environment, latin1, sys } from '@moreqmail/unix'
import t from 'tap'
import { startTls, takeOffer } from '../src/start.ts'

sys.signal(13, 1) // PIPE, which Bun ignores from its start

function pair(): [number, number] {
  const ends = sys.socketpair()
  if (typeof ends === 'number') throw new Error(`socketpair: ${ends}`)
  return ends
}

const send = (fd: number, text: string): number => sys.write(fd, bytes(text), 0, text.length)

function receive(fd: number): string {
  const into = new Uint8Array(100)
  return latin1(into, 0, Math.max(0, sys.read(fd, into, 0, into.length)))
}

/** The descriptors to be moved onto: any pair that is open. */
function plain(): [number, number] {
  return pair()
}

t.test('a session over the descriptors lent', async (t) => {
  const [control, theirs] = pair()
  const [tls, far] = pair()
  const onto = plain()
  const env = new Environment([`SSLCTLFD=${control}`, `SSLREADFD=${tls}`, `SSLWRITEFD=${tls}`, 'SSL_OLD=1', 'A=b'])
  send(theirs, 'SSL_PROTOCOL=TLSv1.3\0SSL_OLD\0PATH=/evil\0\0')
  t.equal(startTls({ control, read: tls, write: tls }, env, { timeout: 5, onto }), true)
  t.equal(receive(theirs), 'Y')
  t.same(env.entries(), ['A=b', 'SSL_PROTOCOL=TLSv1.3'])
  send(far, 'hello')
  t.equal(receive(onto[0]), 'hello')
  send(onto[1], 'there')
  t.equal(receive(far), 'there')
  for (const fd of [control, tls]) t.not(sys.isopen(fd), 0, 'closed')
})

t.test('one descriptor for all', async (t) => {
  const [all, far] = pair()
  const onto = plain()
  send(far, '\0')
  t.equal(startTls({ control: all, read: all, write: all }, new Environment([]), { timeout: 5, onto }), true)
  t.equal(receive(far), 'Y')
  send(far, 'x')
  t.equal(receive(onto[0]), 'x')
})

t.test('one descriptor for all, and the session right behind the report', async (t) => {
  const [all, far] = pair()
  const onto = plain()
  const env = new Environment([])
  send(far, 'SSL_A=1\0SSL_B=\0\0NOOP\r\n')
  t.equal(startTls({ control: all, read: all, write: all }, env, { timeout: 5, onto }), true)
  t.same(env.entries(), ['SSL_A=1', 'SSL_B='])
  t.equal(receive(onto[0]), 'NOOP\r\n')
})

t.test('no session', async (t) => {
  for (const [name, act] of [
    ['end of file', (far: number) => sys.close(far)],
    ['end of file in the middle', (far: number) => send(far, 'SSL_X=1\0') + sys.close(far)],
    ['silence', () => 0],
    ['too long an answer', (far: number) => send(far, `SSL_X=${'x'.repeat(70_000)}\0\0`)],
  ] as const) {
    const [control, far] = pair()
    const [tls] = pair()
    const env = new Environment(['A=b'])
    act(far)
    t.equal(startTls({ control, read: tls, write: tls }, env, { timeout: 0.2, onto: plain() }), false, name)
    t.same(env.entries(), ['A=b'], name)
  }
})

t.test('an offer is made once', async (t) => {
  const [control] = pair()
  const fds = [`SSLCTLFD=${control}`, `SSLREADFD=${control}`, `SSLWRITEFD=${control}`]
  const env = new Environment(['UCSPITLS=!', 'X=y', ...fds])
  t.same(takeOffer(env), { level: 'required', descriptors: { control, read: control, write: control } })
  t.same(env.entries(), ['X=y', ...fds])
  t.same(takeOffer(new Environment(['UCSPITLS=', 'SSLCTLFD=1'])), { level: 'offered', descriptors: undefined })
  t.same(takeOffer(new Environment(['UCSPITLS=', 'DISABLETLS=', ...fds])), { level: 'none', descriptors: undefined })
})
