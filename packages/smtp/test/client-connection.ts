import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { Connection } from '../src/client-connection.ts'
import { MAX_REPLY } from '../src/reply.ts'
import { type Behaviour, FakeServer } from './lib/fake-server.ts'

function connect(behaviour: Behaviour, timeout = 10): { server: FakeServer; connection: Connection } {
  const server = new FakeServer(behaviour)
  return { server, connection: new Connection(server, 6, 7, timeout) }
}

t.test('replies in pieces of every size', async (t) => {
  const text = '250-a\r\n250-\r\n250 b\r\n\n55\n354 go\nabc-\nabc\r\n'
  for (let readSize = 1; readSize <= text.length; readSize++) {
    const { connection } = connect({ greeting: text, cut: text.length, readSize })
    const replies = Array.from({ length: 6 }, () => connection.reply()?.text)
    t.same(replies, ['250-a\n250-\n250 b\n', '\n', '55\n', '354 go\n', 'abc-\nabc\n', undefined], `${readSize}`)
  }
})

t.test('the end at every byte', async (t) => {
  const text = '250-a\r\n250 b\r\n'
  for (let cut = 0; cut < text.length; cut++) {
    const { connection } = connect({ greeting: text, cut })
    t.equal(connection.reply(), undefined, `after ${cut} bytes`)
    t.equal(connection.reply(), undefined, 'and once more')
  }
})

t.test('long replies', async (t) => {
  const line = `250-${'x'.repeat(1019)}\n`
  const longest = `${line.repeat(1023)}250 ${'x'.repeat(1019)}\n`
  t.equal(longest.length, MAX_REPLY)
  for (const readSize of [1_000_000_000, 1000]) {
    const fits = connect({ greeting: `${longest}220 x\n`, readSize }).connection
    t.equal(fits.reply()?.text.length, MAX_REPLY)
    t.equal(fits.reply()?.code, 220)
    t.equal(connect({ greeting: `250-\n${longest}`, readSize }).connection.reply(), undefined, 'a byte too many')
  }
  t.equal(connect({ greeting: line.repeat(20_000) }).connection.reply(), undefined, 'never ends')
  t.equal(connect({ greeting: '2'.repeat(10_000_000) }).connection.reply(), undefined, 'a line of 10 MB')
})

t.test('one deadline for a whole reply', async (t) => {
  const text = `250 ${'x'.repeat(100)}\n`
  const slow = connect({ greeting: text, drip: 1000 })
  t.equal(slow.connection.reply(), undefined, 'however many bytes still come')
  t.equal(slow.server.now, 10_000)
  t.equal(slow.connection.reply(), undefined, 'nothing is expected after that')
  t.equal(connect({ greeting: text, drip: 50 }).connection.reply()?.code, 250)
  t.equal(connect({ greeting: text, drip: 1000 }, Number.POSITIVE_INFINITY).connection.reply()?.code, 250, 'no limit')
})

t.test('writing', async (t) => {
  const text = bytes('0123456789'.repeat(100))
  for (const writeSize of [1, 7, 999, 1000, 5000]) {
    const { server, connection } = connect({ writeSize })
    connection.puts('A\r\n')
    t.ok(connection.send(text, 995))
    t.equal(server.heard.length, 998)
  }
  const stuck = connect({ takes: 500 })
  t.notOk(stuck.connection.send(text, 1000))
  t.equal(stuck.server.now, 10_000)
  t.notOk(connect({ takes: 500, broken: true }).connection.send(text, 1000))
  t.notOk(connect({ cut: 0 }).connection.send(text, 1000), 'a server that has hung up')
})

t.test('a reason for not taking more', async (t) => {
  const text = new Uint8Array(1000)
  const reason = (behaviour: Behaviour) => {
    const { connection } = connect(behaviour)
    t.notOk(connection.send(text, 1000))
    return connection.reason()?.text
  }
  const said = { greeting: '554-too\n554 big\n', readSize: 5, writeSize: 100 }
  t.equal(reason({ ...said, takes: 500, broken: true }), '554-too\n554 big\n')
  t.equal(reason({ ...said, takes: 500 }), '554-too\n554 big\n', 'nobody reads any more')
  t.equal(reason({ ...said, cut: 16 }), '554-too\n554 big\n', 'hung up')
  t.equal(reason({ ...said, cut: 15, takes: 500, broken: true }), undefined, 'not whole')
  t.equal(reason({ ...said, cut: 15 }), undefined)
  t.equal(reason({ greeting: '554 x', takes: 500 }), undefined)
  t.equal(reason({ takes: 500, broken: true }), undefined)
})

t.test('commands and replies at the same time', async (t) => {
  // A server that takes no more while what it has said is not read: who only writes, waits for ever.
  const { server, connection } = connect({
    writeSize: 10,
    readSize: 3,
    patience: 100,
    answer: (heard) => (heard.includes('\n') ? '250 ok\n' : ''),
  })
  connection.puts('RCPT TO:<x>\r\n'.repeat(10_000))
  let replies = 0
  while (replies < 10_000 && connection.reply()?.code === 250) replies++
  t.equal(replies, 10_000)
  t.equal(server.heard.length, 130_000)
  t.equal(server.now, 0, 'never waited')
})

t.test('the deadline of a reply waits for slow writing', async (t) => {
  const { connection, server } = connect({ takes: 10 })
  connection.puts('x'.repeat(11))
  t.equal(connection.reply(), undefined)
  t.equal(server.now, 10_000)
})

t.test('what nobody has asked for', async (t) => {
  t.notOk(connect({ greeting: '' }).connection.unasked)
  t.ok(connect({ greeting: 'x' }).connection.unasked)
  t.notOk(connect({ cut: 0 }).connection.unasked)
  const { connection } = connect({ greeting: '220 go\n250 evil\n' })
  t.equal(connection.reply()?.code, 220)
  t.ok(connection.unasked)
  connection.restart()
  t.notOk(connection.unasked, 'forgotten')
})

t.test('QUIT', async (t) => {
  const polite = connect({ cut: 0 })
  polite.connection.reply()
  polite.connection.quit()
  t.equal(polite.server.heard, 'QUIT\r\n', 'also to a server that has sent its last')
  const gone = connect({ takes: 0, broken: true })
  gone.connection.quit()
  t.equal(gone.server.heard, '')
})
