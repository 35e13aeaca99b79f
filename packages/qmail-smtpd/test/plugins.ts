import t from 'tap'
import { parsePlugins, parseRequest, pluginArguments } from '../src/plugins.ts'

t.test('sections', async (t) => {
  const of = (...entries: string[]) => Object.fromEntries(parsePlugins(entries))
  t.same(of(), {})
  t.same(of('lost', '[rcpt]', 'a', ':b c', '[xyz]', 'lost', '[', 'lost', '[mail', 'm', '[r', 'z', '[data]'), {
    rcpt: ['a', ':b c', 'z'],
    mail: ['m'],
    data: [],
  })
  t.same(of('[Connection]', 'x', '[helo]', 'h', '[connection]', 'c'), { helo: ['h'], connection: ['c'] })
})

t.test('how a plugin is started', async (t) => {
  t.same(pluginArguments('bin/x y'), ['bin/x y'])
  t.same(pluginArguments(':x y'), ['/bin/sh', '-c', 'x y'])
})

t.test('lines', async (t) => {
  for (const [line, wanted] of [
    ['A', { kind: 'end of plugins' }],
    ['N anything', { kind: 'next' }],
    ['O', { kind: 'approve' }],
    ['D', { kind: 'drop' }],
    ['E550 no', { kind: 'refuse', text: '550 no' }],
    ['E', { kind: 'refuse', text: '' }],
    ['R421 a\r\0b', { kind: 'reject', text: '421 ab' }],
    ['P250-x', { kind: 'print', text: '250-x' }],
    ['LM550 m\r', { kind: 'later', command: 'mail', text: '550 m' }],
    ['LR', { kind: 'later', command: 'rcpt', text: '' }],
    ['LD5', { kind: 'later', command: 'data', text: '5' }],
    ['LX5', undefined],
    ['L', undefined],
    ['HX-A: b', { kind: 'header', text: 'X-A: b' }],
    ['Ca@b', { kind: 'address', text: 'a@b' }],
    ['Ca\0Tevil', { kind: 'address', text: 'a' }],
    ['SA=b=c', { kind: 'set', name: 'A', text: 'b=c' }],
    ['SA=', { kind: 'set', name: 'A', text: '' }],
    ['SA', undefined],
    ['S=b', undefined],
    ['UA', { kind: 'unset', text: 'A' }],
    ['', undefined],
    ['e550', undefined],
    [' E550', undefined],
  ] as const)
    t.same(parseRequest(line), wanted, JSON.stringify(line))
})
