import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { command, newSession, type Session } from '../src/session.ts'

function session(sizes: readonly number[] = [100, 20, 3]): Session {
  const messages = sizes.map((size, i) => ({ name: `${i + 1}.x:2,S`, fresh: false, size, deleted: false }))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return newSession({ count: sizes.length, bytes, messages: () => messages })
}

function say(session: Session, line: string): string {
  const step = command(session, bytes(line))
  if ('reply' in step) return step.reply
  return 'send' in step ? `send ${step.send.name} ${step.lines}` : 'quit'
}

t.test('commands', async (t) => {
  const one = session()
  for (const [line, answer] of [
    ['STAT', '+OK 3 123'],
    ['stat x\r', '+OK 3 123'],
    ['LIST', '+OK \r\n1 100\r\n2 20\r\n3 3\r\n.'],
    ['LIST 2', '+OK 2 20'],
    ['LIST 02x', '+OK 2 20'],
    ['UIDL', '+OK \r\n1 1.x\r\n2 2.x\r\n3 3.x\r\n.'],
    ['UIDL  3', '+OK 3 3.x'],
    ['LAST', '+OK 0'],
    ['DELE 2', '+OK '],
    ['DELE 1', '+OK '],
    ['LAST', '+OK 2'],
    ['STAT', '+OK 1 3'],
    ['LIST', '+OK \r\n3 3\r\n.'],
    ['UIDL', '+OK \r\n3 3.x\r\n.'],
    ['LIST 1', '-ERR already deleted'],
    ['DELE 1', '-ERR already deleted'],
    ['RETR 2', '-ERR already deleted'],
    ['RETR 3', 'send 3.x:2,S Infinity'],
    ['LAST', '+OK 2'],
    ['RSET', '+OK '],
    ['LAST', '+OK 0'],
    ['STAT', '+OK 3 123'],
    ['NOOP', '+OK '],
    ['CAPA', '+OK capability list follows\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.'],
    ['QUIT', 'quit'],
    ['', '-ERR unimplemented'],
    [' QUIT', '-ERR unimplemented'],
    ['QUIT\tx', '-ERR unimplemented'],
    ['STLS', '-ERR unimplemented'],
    ['AUTH', '-ERR unimplemented'],
    ['toString', '-ERR unimplemented'],
    ['QUIT\0x', 'quit'],
  ] as const)
    t.equal(say(one, line), answer, JSON.stringify(line))
})

t.test('numbers', async (t) => {
  for (const [argument, answer] of [
    ['', '-ERR syntax error'],
    ['x', '-ERR syntax error'],
    ['-1', '-ERR syntax error'],
    ['+1', '-ERR syntax error'],
    ['0', '-ERR messages are counted from 1'],
    ['00', '-ERR messages are counted from 1'],
    ['4', '-ERR not that many messages'],
    ['4294967297', '-ERR not that many messages'],
    ['18446744073709551617', '-ERR not that many messages'],
    ['9'.repeat(1000), '-ERR not that many messages'],
    ['0000000000000000000000000001', '+OK '],
  ] as const)
    t.equal(say(session(), `DELE ${argument}`), answer, argument.slice(0, 30))
})

t.test('TOP and RETR are one', async (t) => {
  for (const verb of ['TOP', 'RETR'])
    for (const [argument, lines] of [
      ['1', Number.POSITIVE_INFINITY],
      ['1 0', 0],
      ['1   7', 7],
      ['1 7x', 7],
      ['1x7', Number.POSITIVE_INFINITY],
      ['1 x', Number.POSITIVE_INFINITY],
      ['1 -1', Number.POSITIVE_INFINITY],
      ['1 99999999999999999999', Number.POSITIVE_INFINITY],
    ] as const)
      t.equal(say(session(), `${verb} ${argument}`), `send 1.x:2,S ${lines}`)
})

t.test('nothing there', async (t) => {
  const empty = session([])
  t.equal(say(empty, 'STAT'), '+OK 0 0')
  t.equal(say(empty, 'LIST'), '+OK \r\n.')
  t.equal(say(empty, 'LIST 1'), '-ERR not that many messages')
})

t.test('sizes beyond 32 bits', async (t) => {
  t.equal(say(session([5_000_000_000, 5_000_000_000]), 'STAT'), '+OK 2 10000000000')
})
