/** Decides how a real name server is run on loopback, and what one says that lies. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isTemporary, stubResolver } from '@moreqmail/dns'
import { freePort, until } from './service.ts'

export interface RunningServer {
  /** As DNSCACHEIP has it. */
  readonly address: string
  stop(): Promise<void>
}

const HEAD = '@ 60 IN SOA ns hostmaster 1 3600 600 86400 60\n@ 60 IN NS ns\nns 60 IN A 127.0.0.1\n'

/** Starts Debian's unbound or nsd for the zone `example`, whose records are in the form of zone files. */
export async function startNameServer(kind: 'unbound' | 'nsd', records: readonly string[]): Promise<RunningServer> {
  const dir = mkdtempSync(join(tmpdir(), `moreqmail-${kind}-`))
  const port = await freePort()
  const [argv, lines] = kind === 'nsd' ? nsd(dir, port) : unbound(dir, port, records)
  if (kind === 'nsd') writeFileSync(join(dir, 'example'), `${HEAD}${records.map((line) => `${line}\n`).join('')}`)
  writeFileSync(join(dir, 'conf'), `${lines.join('\n')}\n`)
  const child = spawn(`/usr/sbin/${kind}`, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr?.on('data', (data: Buffer) => {
    errors += data.toString('latin1')
  })
  const stop = stopper(child, dir)
  const { lookup } = stubResolver({ servers: [{ ip: '127.0.0.1', port }] })
  if (await until(() => !isTemporary(lookup('ns.example', 'A')))) return { address: `127.0.0.1:${port}`, stop }
  await stop()
  throw new Error(`${kind} does not answer: ${errors}`)
}

function stopper(child: ChildProcess, dir: string): () => Promise<void> {
  process.once('exit', () => child.kill())
  return async () => {
    const ended = once(child, 'close')
    child.kill()
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
}

function nsd(dir: string, port: number): [string[], string[]] {
  const none = ['database', 'username', 'pidfile', 'logfile'].map((name) => `${name}: ""`)
  const own = ['xfrdfile', 'zonelistfile'].map((name) => `${name}: "${dir}/${name}"`)
  const server = [`ip-address: 127.0.0.1@${port}`, `zonesdir: "${dir}"`, `xfrdir: "${dir}"`, 'server-count: 1']
  const zone = ['zone:', 'name: example', 'zonefile: example']
  const lines = ['server:', ...server, ...none, ...own, 'remote-control:', 'control-enable: no', ...zone]
  return [['-d', '-c', join(dir, 'conf')], lines]
}

function unbound(dir: string, port: number, records: readonly string[]): [string[], string[]] {
  const none = ['username', 'chroot', 'pidfile'].map((name) => `${name}: ""`)
  const data = [...records, 'ns 60 IN A 127.0.0.1'].map((line) => {
    const [owner, ...rest] = line.split(' ')
    return `local-data: '${owner}.example. ${rest.join(' ')}'`
  })
  const server = [`interface: 127.0.0.1@${port}`, `directory: "${dir}"`, 'use-syslog: no', 'num-threads: 1']
  const zone = ['local-zone: "example." static', ...data]
  return [
    ['-d', '-c', join(dir, 'conf')],
    ['server:', ...server, ...none, ...zone, 'remote-control:', 'control-enable: no'],
  ]
}

/** What a lying server does with a query: replies by UDP, and, if it wants TCP, with a connection. */
export interface Lie {
  readonly udp: (query: Buffer) => readonly Buffer[]
  readonly tcp?: (socket: Socket, query: Buffer) => void
}

/** Starts one at the same port of UDP and TCP; without a lie for TCP nobody listens there. */
export async function startLiar({ udp, tcp }: Lie): Promise<RunningServer> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    for (const reply of udp(query)) socket.send(reply, from.port, from.address)
  })
  const listener = createServer((connection) => {
    connection.on('error', () => undefined)
    connection.once('data', (data: Buffer) => tcp?.(connection, data.subarray(2)))
  })
  const port = await freePort()
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  if (tcp !== undefined) {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
  }
  const stop = async () => {
    socket.close()
    listener.close()
  }
  return { address: `127.0.0.1:${port}`, stop }
}

const LENGTH = 12
const question = (query: Buffer): Buffer => query.subarray(LENGTH, query.indexOf(0, LENGTH) + 5)

/** A reply to the query: flags, and what is in its answer section as it goes over the wire. */
export function reply(query: Buffer, flags: number, count = 0, answers: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(LENGTH)
  query.copy(head, 0, 0, 2)
  for (const [i, number] of [flags, 1, count, 0, 0].entries()) head.writeUInt16BE(number, 2 + 2 * i)
  return Buffer.concat([head, question(query), answers])
}

/** A record of the name that was asked for. */
export function record(type: number, data: Buffer, length = data.length): Buffer {
  const head = Buffer.from([0xc0, LENGTH, 0, type, 0, 1, 0, 0, 0, 60, length >> 8, length & 255])
  return Buffer.concat([head, data])
}
