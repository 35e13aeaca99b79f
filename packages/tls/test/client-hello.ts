import { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import t from 'tap'
import { serverNameOf } from '../src/client-hello.ts'

/** What a client sends first. */
function hello(servername: string | undefined): Promise<Buffer> {
  return new Promise((done) => {
    const socket = new Duplex({ read: () => undefined, write: (chunk: Buffer) => done(chunk) })
    connect({ socket, ...(servername === undefined ? {} : { servername }) }).on('error', () => undefined)
  })
}

/** The same handshake in records of so many bytes. */
function split(stream: Buffer, size: number): Buffer {
  const records: Buffer[] = []
  for (let at = 5; at < stream.length; at += size) {
    const piece = stream.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece)
  }
  return Buffer.concat(records)
}

t.test('the name', async (t) => {
  t.same(serverNameOf(await hello('mx.example')), { name: 'mx.example' })
  t.equal(serverNameOf(await hello(undefined)), 'none')
  t.same(serverNameOf(Buffer.concat([await hello('mx.example'), Buffer.from('more')])), { name: 'mx.example' })
})

t.test('cut at every byte', async (t) => {
  const whole = await hello('mx.example')
  for (let n = 0; n < whole.length; n++)
    if (serverNameOf(whole.subarray(0, n)) !== 'more') t.fail(`${n} bytes: ${JSON.stringify(serverNameOf(whole))}`)
  t.pass()
})

t.test('in records of any size', async (t) => {
  const whole = await hello('mx.example')
  for (const size of [1, 2, 3, 7, 100, whole.length - 6]) {
    const pieces = split(whole, size)
    t.same(serverNameOf(pieces), { name: 'mx.example' }, `${size}`)
    t.equal(serverNameOf(pieces.subarray(0, -1)), 'more', `${size}, the last byte missing`)
  }
})

t.test('no TLS', async (t) => {
  for (const text of [
    'GET / HTTP/1.0\r\n',
    'E',
    '\x80\x2e\x01',
    '\x16\x02\x00',
    '\x16\x03\x01\x00\x00',
    '\x16\x03\x01\xff\xff',
  ])
    t.equal(serverNameOf(Buffer.from(text, 'latin1')), 'bad', JSON.stringify(text))
  t.equal(serverNameOf(Buffer.from([22, 3, 1, 0, 5, 2])), 'bad', 'another message')
  t.equal(serverNameOf(Buffer.from([22, 3, 1, 0, 5, 1, 255, 0, 0, 0])), 'bad', 'a message of 16 MB')
})

t.test('every byte changed: never an exception, never an empty name', async (t) => {
  const whole = new Uint8Array(await hello('mx.example'))
  for (let i = 0; i < whole.length; i++)
    for (const byte of [0, 1, 0x7f, 0xff, (whole[i] ?? 0) ^ 1]) {
      const found = serverNameOf(whole.with(i, byte))
      if (typeof found === 'object' && found.name === '') t.fail(`byte ${i}`)
    }
  t.pass()
})
