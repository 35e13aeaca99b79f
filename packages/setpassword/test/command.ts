import t from 'tap'
import { parseCommand } from '../src/command.ts'

const USAGE = { text: '', usage: true }

t.test('commands', async (t) => {
  const set = { does: 'set', name: 'al', ids: { uid: 1, gid: 2 }, home: '/h', shell: '' }
  t.same(parseCommand(['al', '1', '2', '/h']), set)
  t.same(parseCommand(['al', '1', '2', '/h', '/s']), { ...set, shell: '/s' })
  t.same(parseCommand(['al', '-', '-', '']), { ...set, ids: undefined, home: '' })
  t.same(parseCommand(['--', '-d', '1', '2', '/h']), { ...set, name: '-d' })
  t.same(parseCommand(['-d', 'al']), { does: 'delete', name: 'al' })
  t.same(parseCommand(['-l']), { does: 'list' })
})

t.test('misuse', async (t) => {
  for (const words of [
    [],
    ['al'],
    ['al', '1', '2'],
    ['a', '1', '2', '/', '/s', 'x'],
    ['-d'],
    ['-d', 'a', 'b'],
    ['-l', 'a'],
  ])
    t.same(parseCommand(words), USAGE, words.join(' '))
  t.same(parseCommand(['-dl', 'a']), USAGE)
  t.same(parseCommand(['-x']), { text: 'illegal option -- x', usage: true })
})

t.test('what could not be read back', async (t) => {
  const text = (...words: string[]) => {
    const command = parseCommand(words)
    return 'text' in command ? command.text : command
  }
  for (const name of ['', 'a:b', '#a', 'a\nb', 'a\r']) {
    t.equal(text(name, '1', '2', '/h'), 'bad name', JSON.stringify(name))
    t.equal(text('-d', name), 'bad name', JSON.stringify(name))
  }
  for (const [uid, gid] of [
    ['1', '-'],
    ['-', '1'],
    ['', ''],
    ['x', '1'],
    ['1', '-1'],
    ['99999999999', '1'],
  ] as const)
    t.equal(text('al', uid, gid, '/h'), 'bad uid or gid', `${uid} ${gid}`)
  for (const field of ['a:b', 'a\nb', 'a\r']) {
    t.equal(text('al', '1', '2', field), 'bad home')
    t.equal(text('al', '1', '2', '/h', field), 'bad shell')
  }
})
