import t from 'tap'
import { tlsDescriptors, tlsLevel } from '../src/offer.ts'

const of = (env: Readonly<Record<string, string>>) => (name: string) => env[name]

t.test('the level', async (t) => {
  for (const [env, level] of [
    [{}, 'none'],
    [{ UCSPITLS: '-' }, 'none'],
    [{ UCSPITLS: '' }, 'offered'],
    [{ UCSPITLS: '1' }, 'offered'],
    [{ UCSPITLS: '-x' }, 'offered'],
    [{ UCSPITLS: '!' }, 'required'],
    [{ UCSPITLS: '!', DISABLETLS: '' }, 'none'],
    [{ DISABLETLS: '1' }, 'none'],
  ] as const)
    t.equal(tlsLevel(of(env)), level, JSON.stringify(env))
})

t.test('the descriptors', async (t) => {
  const open = (fd: number) => fd < 10
  const fds = (control: string, read: string, write: string) =>
    tlsDescriptors(of({ SSLCTLFD: control, SSLREADFD: read, SSLWRITEFD: write }), open)
  t.same(fds('3', '4', '5'), { control: 3, read: 4, write: 5 })
  t.same(fds('7', '7', '7'), { control: 7, read: 7, write: 7 })
  for (const bad of ['', '-1', 'x', '3x', ' 3', '10', '99999999999'])
    for (const at of [0, 1, 2]) {
      const [a = '', b = '', c = ''] = ['3', '4', '5'].map((fd, i) => (i === at ? bad : fd))
      t.equal(fds(a, b, c), undefined, `${at}: ${bad}`)
    }
  t.equal(tlsDescriptors(of({ SSLCTLFD: '3', SSLREADFD: '4' }), open), undefined)
})
