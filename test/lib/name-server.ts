/** Decides what the name server of a case answers. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, isIPv4, type Server, type Socket } from 'node:net'
import { type Raw, raw } from './bytes.ts'
import type { RecordData, Zone, ZoneEntry } from './case.ts'

const TYPES: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  TLSA: 52,
}
const CNAME = 5
const IN = 1
const TTL = 60
const SERVFAIL = 2
const NXDOMAIN = 3
const TRUNCATED = 0x200
const MAX_ALIASES = 8

/** Answers for a zone over UDP and TCP, at one port of 127.0.0.1. */
export class NameServer {
  readonly port: number
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #connections = new Set<Socket>()

  private constructor(zone: Zone, udp: UdpSocket, tcp: Server) {
    this.port = udp.address().port
    this.#udp = udp
    this.#tcp = tcp
    udp.on('message', (query, from) => {
      const reply = answer(zone, query, true)
      if (reply) udp.send(reply, from.port, from.address)
    })
    tcp.on('connection', (socket) => {
      this.#connections.add(socket)
      socket.on('close', () => this.#connections.delete(socket))
      serve(zone, socket)
    })
  }

  static async start(zone: Zone): Promise<NameServer> {
    const folded = Object.fromEntries(Object.entries(zone).map(([name, entry]) => [fold(name), entry]))
    for (;;) {
      const udp = createSocket('udp4')
      udp.bind(0, '127.0.0.1')
      await once(udp, 'listening')
      const tcp = createServer()
      if (await listens(tcp, udp.address())) return new NameServer(folded, udp, tcp)
      udp.close()
    }
  }

  close(): void {
    this.#udp.close()
    this.#tcp.close()
    for (const socket of this.#connections) socket.destroy()
  }
}

async function listens(server: Server, { port, address }: AddressInfo): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, address, () => resolve(true))
  })
}

function serve(zone: Zone, socket: Socket): void {
  let buffer: Buffer = Buffer.alloc(0)
  socket.setTimeout(5000, () => socket.destroy())
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk])
    while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
      const length = buffer.readUInt16BE(0)
      const reply = answer(zone, buffer.subarray(2, 2 + length), false)
      if (reply) socket.write(Buffer.concat([number16(reply.length), reply]))
      buffer = buffer.subarray(2 + length)
    }
  })
}

interface Question {
  readonly name: string
  readonly labels: Buffer
  readonly type: number
  /** Name, type and class as they came. */
  readonly bytes: Buffer
  /** How long an answer by UDP may be. */
  readonly room: number
}

/** The reply to a query: undefined when there is to be none. The zone's names are folded. */
export function answer(zone: Zone, query: Buffer, udp: boolean): Buffer | undefined {
  const question = questionOf(query)
  if (question === undefined) return undefined
  const found = lookUp(zone, question)
  if (found === undefined) return undefined
  const header = (flags: number, count: number): Buffer => {
    const recursion = ((query[2] ?? 0) & 1) << 8
    return Buffer.concat([
      query.subarray(0, 2),
      ...[0x8180 | recursion | flags, 1, count, 0, 0].map(number16),
      question.bytes,
    ])
  }
  const whole = Buffer.concat([header(found.code, found.records.length), ...found.records])
  return !udp || whole.length <= question.room ? whole : header(TRUNCATED, 0)
}

/** The one question of a query; undefined if it is none. */
function questionOf(query: Buffer): Question | undefined {
  if (query.length < 17 || (query[2] ?? 0) & 0x80 || query.readUInt16BE(4) !== 1) return undefined
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  if (at + 5 > query.length) return undefined
  const extended = query.readUInt16BE(10) === 1 && query.subarray(at + 5, at + 8).equals(Buffer.from([0, 0, 41]))
  return {
    name: fold(labels.join('.')),
    labels: query.subarray(12, at + 1),
    type: query.readUInt16BE(at + 1),
    bytes: query.subarray(12, at + 5),
    room: extended && query.length >= at + 10 ? Math.max(512, query.readUInt16BE(at + 8)) : 512,
  }
}

/** Follows aliases; undefined when the zone says that nothing answers. */
function lookUp(zone: Zone, question: Question): { code: number; records: Buffer[] } | undefined {
  const records: Buffer[] = []
  let name = question.name
  let owner = question.labels
  for (let aliases = 0; ; ) {
    const entry = Object.hasOwn(zone, name) ? zone[name] : undefined
    if (entry === undefined) return { code: records.length === 0 && !hasBelow(zone, name) ? NXDOMAIN : 0, records }
    if (fails(entry, 'TIMEOUT', question.type)) return undefined
    if (fails(entry, 'SERVFAIL', question.type)) return { code: SERVFAIL, records }
    if (typeof entry === 'string') throw new Error(`unknown way to fail: ${entry}`)
    if (entry.CNAME === undefined || question.type === CNAME) {
      for (const [type, values] of Object.entries(entry)) {
        if (TYPES[type] !== question.type) continue
        for (const value of [values].flat()) records.push(record(owner, question.type, dataOf(type, value)))
      }
      return { code: 0, records }
    }
    records.push(record(owner, CNAME, wire(entry.CNAME)))
    name = fold(entry.CNAME)
    owner = wire(name)
    if (++aliases > MAX_ALIASES) return { code: 0, records }
  }
}

function hasBelow(zone: Zone, name: string): boolean {
  return Object.keys(zone).some((key) => key.endsWith(`.${name}`))
}

function fails(entry: ZoneEntry, way: 'SERVFAIL' | 'TIMEOUT', type: number): boolean {
  if (typeof entry === 'string') return entry === way
  return (entry[way] ?? []).some((name) => TYPES[name] === type)
}

function record(owner: Buffer, type: number, data: Buffer): Buffer {
  const ttl = Buffer.alloc(4)
  ttl.writeUInt32BE(TTL)
  return Buffer.concat([owner, number16(type), number16(IN), ttl, number16(data.length), data])
}

function dataOf(type: string, value: RecordData | Raw | number): Buffer {
  if (type === 'A') return Buffer.from(String(value).split('.').map(Number))
  if (type === 'AAAA') return ipv6(String(value))
  if (type === 'CNAME' || type === 'PTR' || type === 'NS') return wire(String(value))
  const parts: ReadonlyArray<Raw | number> = [value as Raw | number].flat()
  if (type === 'MX') return Buffer.concat([number16(Number(parts[0])), wire(String(parts[1]))])
  if (type === 'TLSA')
    return Buffer.concat([Buffer.from(parts.slice(0, 3).map(Number)), Buffer.from(String(parts[3]), 'hex')])
  return Buffer.concat(parts.flatMap((text) => strings(raw(text as Raw))))
}

/** A text in pieces of at most 255 bytes, each with its length before it. */
function strings(text: Buffer): Buffer[] {
  const out: Buffer[] = []
  for (let at = 0; at === 0 || at < text.length; at += 255) {
    const piece = text.subarray(at, at + 255)
    out.push(Buffer.from([piece.length]), piece)
  }
  return out
}

function ipv6(text: string): Buffer {
  const [front = '', back] = text.split('::')
  const head = groups(front)
  const tail = groups(back ?? '')
  return Buffer.concat([head, Buffer.alloc(16 - head.length - tail.length), tail])
}

function groups(text: string): Buffer {
  if (text === '') return Buffer.alloc(0)
  return Buffer.concat(
    text.split(':').map((group) => (isIPv4(group) ? dataOf('A', group) : number16(Number.parseInt(group, 16)))),
  )
}

function wire(name: string): Buffer {
  const labels = raw(name)
    .toString('latin1')
    .split('.')
    .filter((label) => label !== '')
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), raw(label)]), Buffer.alloc(1)])
}

function number16(n: number): Buffer {
  const out = Buffer.alloc(2)
  out.writeUInt16BE(n)
  return out
}

function fold(name: string): string {
  return name.toLowerCase().replace(/\.+$/, '')
}
