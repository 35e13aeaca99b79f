/**
 * A name server, UDP and TCP on one port of 127.0.0.1 and of ::1, whose behaviour the first label of the name says. It
 * runs in a process of its own, since who asks does nothing else meanwhile. To its parent it tells its port, and, when
 * asked, what it was asked so far.
 */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const RESPONSE = 0x8180
const TRUNCATED = 0x0200
const FORMERR = 1
const SERVFAIL = 2
const NXDOMAIN = 3
const REFUSED = 5
const A = 1
const TXT = 16
const RIGHT = [192, 0, 2, 1]
const WRONG = [192, 0, 2, 66]

let log = []

/** The question of a query of ours. */
function parse(query) {
  const labels = []
  let at = 12
  for (; query[at] > 0; at += 1 + query[at]) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]))
  const end = at + 5
  return { id: query.readUInt16BE(0), labels, type: query.readUInt16BE(at + 1), question: query.subarray(12, end), edns: query[11] > 0 }
}

function uint16(...numbers) {
  return Buffer.concat(numbers.map((n) => Buffer.of(n >> 8, n & 255)))
}

function reply(q, { id = q.id, flags = 0, question = q.question, answers = [], count = answers.length } = {}) {
  return Buffer.concat([uint16(id, RESPONSE | flags, 1, count, 0, 0), question, ...answers])
}

function record(type, data) {
  return Buffer.concat([uint16(0xc00c, type, 1, 0, 60, data.length), data])
}

const address = (ip) => record(A, Buffer.from(ip))

/** TXT records of so many bytes in strings of 250. */
function text(size) {
  const piece = Buffer.concat([Buffer.of(250), Buffer.alloc(250, 'x')])
  return record(TXT, Buffer.concat(Array.from({ length: size / 250 }, () => piece)))
}

/** The right reply. */
function right(q) {
  return reply(q, { answers: q.type === TXT ? [record(TXT, Buffer.from('\x05right'))] : [address(RIGHT)] })
}

const wrong = (q) => reply(q, { answers: [address(WRONG)] })
const truncated = (q) => reply(q, { flags: TRUNCATED })
/** Time for the wrong ones to come first. */
const LATER = 50

const UDP = {
  right: (q, send) => send(right(q)),
  nxdomain: (q, send) => send(reply(q, { flags: NXDOMAIN })),
  nodata: (q, send) => send(reply(q)),
  servfail: (q, send) => send(reply(q, { flags: SERVFAIL })),
  refused: (q, send) => send(reply(q, { flags: REFUSED })),
  headless: (q, send) => send(Buffer.concat([uint16(q.id, RESPONSE | REFUSED, 0, 0, 0, 0)])),
  silent: () => {},
  'wrong-id': (q, send) => {
    for (const id of [0, 1, q.id ^ 1, q.id ^ 0x8000, ((q.id & 255) << 8) | (q.id >> 8)])
      if (id !== q.id) send(reply(q, { id, answers: [address(WRONG)] }))
    setTimeout(() => send(right(q)), LATER)
  },
  'wrong-question': (q, send) => {
    const name = Buffer.from(q.question)
    name[1] ^= 1
    const type = Buffer.from(q.question)
    type[type.length - 3] ^= 2
    for (const question of [name, type]) send(reply(q, { question, answers: [address(WRONG)] }))
    send(uint16(q.id, RESPONSE, 0, 0, 0, 0))
    setTimeout(() => send(right(q)), LATER)
  },
  'wrong-source': (q, send, other) => {
    other(wrong(q))
    setTimeout(() => send(right(q)), LATER)
  },
  garbage: (q, send) => {
    send(Buffer.alloc(0))
    for (let n = 1; n < 40; n++) send(right(q).subarray(0, n % q.question.length))
    for (let n = 1; n < 40; n++) send(Buffer.alloc(n * 30, n))
    setTimeout(() => send(right(q)), LATER)
  },
  echo: (q, send, _, query) => {
    send(query)
    setTimeout(() => send(right(q)), LATER)
  },
  flood: (q, send) => {
    const timer = setInterval(() => send(reply(q, { id: q.id ^ 1, answers: [address(WRONG)] })), 1)
    setTimeout(() => clearInterval(timer), 3000)
  },
  malformed: (q, send) => send(reply(q, { answers: [Buffer.from('nonsense')] })),
  miscounted: (q, send) => send(reply(q, { answers: [address(RIGHT)], count: 2 })),
  second: (q, send) => {
    if (asked(q) > 1) send(right(q))
  },
  'no-edns': (q, send) => send(q.edns ? uint16(q.id, RESPONSE | FORMERR, 0, 0, 0, 0) : right(q)),
  'never-edns': (q, send) => send(reply(q, { flags: FORMERR })),
  case: (q, send) => {
    const question = Buffer.from(q.question.toString('latin1').toUpperCase(), 'latin1')
    send(reply(q, { question, answers: [address(RIGHT)] }))
  },
  /** Larger than any reply by UDP is to be, if the path lets it pass. */
  fat: (q, send) => send(reply(q, { answers: [text(3500)] })),
}

/** How often this name was asked for. */
function asked(q) {
  const name = q.labels.join('.')
  return log.filter((entry) => entry.name === name).length
}

function framed(message) {
  return Buffer.concat([uint16(message.length), message])
}

const large = (q) => framed(reply(q, { answers: [text(20_000)] }))

/** A piece at a time until all is sent or the other end is gone. */
function drip(socket, bytes, piece, ms) {
  let at = 0
  const timer = setInterval(() => {
    socket.write(bytes.subarray(at, at + piece))
    at += piece
    if (at >= bytes.length) clearInterval(timer)
  }, ms)
  socket.on('close', () => clearInterval(timer))
}

const TCP = {
  tc: (q, socket) => socket.end(large(q)),
  'tc-full': (q, socket) => {
    const message = reply(q, { answers: [text(64_000)] })
    const padded = Buffer.concat([message, Buffer.alloc(65535 - message.length)])
    socket.end(framed(padded))
  },
  'tc-drip': (q, socket) => drip(socket, framed(right(q)), 1, 2),
  'tc-slow': (q, socket) => drip(socket, large(q), 1, 300),
  'tc-silent': () => {},
  'tc-close': (_, socket) => socket.end(),
  'tc-reset': (_, socket) => socket.resetAndDestroy(),
  'tc-half': (q, socket) => socket.end(large(q).subarray(0, 5000)),
  'tc-nothing': (_, socket) => socket.write(uint16(0)),
  'tc-id': (q, socket) => socket.write(framed(reply(q, { id: q.id ^ 1, answers: [address(WRONG)] }))),
  'tc-tc': (q, socket) => socket.write(framed(truncated(q))),
  'tc-garbage': (_, socket) => socket.write(Buffer.alloc(100_000, 0x55)),
  'tc-servfail': (q, socket) => socket.write(framed(reply(q, { flags: SERVFAIL }))),
}

function note(q, via) {
  log.push({ name: q.labels.join('.'), type: q.type, via, edns: q.edns, time: performance.now() })
}

function receive(udp, query, from) {
  const q = parse(query)
  note(q, 'udp')
  const send = (message) => udp.send(message, from.port, from.address)
  const other = (message) => {
    const socket = createSocket(udp.type)
    socket.send(message, from.port, from.address, () => socket.close())
  }
  const kind = q.labels[0].toLowerCase()
  if (kind in TCP) send(truncated(q))
  else (UDP[kind] ?? UDP.right)(q, send, other, query)
}

const tcp = createServer((socket) => {
  let query = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (data) => {
    query = Buffer.concat([query, data])
    if (query.length < 2 || query.length < 2 + query.readUInt16BE(0)) return
    const q = parse(query.subarray(2))
    note(q, 'tcp')
    TCP[q.labels[0].toLowerCase()]?.(q, socket)
  })
})

function bindUdp(type, ip, port) {
  const udp = createSocket(type)
  udp.on('message', (query, from) => receive(udp, query, from))
  return new Promise((done, failed) => udp.once('error', failed).bind(port, ip, () => done(udp.address().port)))
}

tcp.listen(0, '127.0.0.1', async () => {
  const { port } = tcp.address()
  await bindUdp('udp4', '127.0.0.1', port)
  const six = await bindUdp('udp6', '::1', port).then(
    () => true,
    () => false,
  )
  process.send({ port, six })
})
process.on('message', () => {
  process.send(log)
  log = []
})
process.on('disconnect', () => process.exit())
