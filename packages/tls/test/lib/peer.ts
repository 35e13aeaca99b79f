/** Decides nothing: runs programs on a connection, and is the other side of it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join, resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import tls, { type ConnectionOptions, type TLSSocket, type TLSSocketOptions } from 'node:tls'
import t from 'tap'

export const BIN: string = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
export const KEYS: string = resolve('test/cases/tls')
/** The application of the behaviour cases: each argument is a step. */
export const APP: readonly string[] = ['python3', `${KEYS}/app.py`]

/** Two sockets, connected to each other; nothing has been read from the second. */
export async function connection(): Promise<readonly [Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const accepted = new Promise<Socket>((done) => server.once('connection', done))
  const near = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true })
  near.on('error', () => undefined)
  const far = await accepted
  server.close()
  return [near, far]
}

export function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A program that runs with a connection. */
export class Run {
  readonly child: ChildProcess
  readonly ended: Promise<number | string | null>
  /** What has come on its descriptor 2. */
  stderr = ''
  /** What has come on its descriptor 1, where that is not the connection. */
  stdout = ''

  constructor(child: ChildProcess) {
    this.child = child
    this.ended = new Promise((done) => child.on('close', (code, signal) => done(signal ?? code)))
    child.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString('latin1')
    })
    child.stdout?.on('data', (data: Buffer) => {
      this.stdout += data.toString('latin1')
    })
    t.teardown(() => child.kill('SIGKILL'))
  }
}

/** A text in the environment of everything that these tests start. */
export const MARK = `tls-test-${process.pid}`

export type Env = Readonly<Record<string, string>>

/** The variable that even the process which does TLS keeps. */
const PATH = `${BIN}:/usr/local/bin:/usr/bin:/bin:/${MARK}`

/** Runs a server program on the far end, on descriptors 0 and 1. */
export function serverOn(far: Socket, argv: readonly string[], env: Env): Run {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { env: { PATH, ...env }, stdio: [far, far, 'pipe'] })
  far.destroy()
  return new Run(child)
}

/** Node hands on sockets that don't block only as 0, 1 and 2. */
const BLOCKING = 'import os, sys; os.set_blocking(6, True); os.execvp(sys.argv[1], sys.argv[1:])'

/** Runs a client program on the far end, on descriptors 6 and 7. */
export function clientOn(far: Socket, argv: readonly string[], env: Env): Run {
  const stdio = ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', far, far] as const
  const child = spawn('python3', ['-c', BLOCKING, ...argv], { env: { PATH, ...env }, stdio: [...stdio] })
  far.destroy()
  return new Run(child)
}

/** The process that does TLS, by itself, with all its descriptors. */
export class EngineRun extends Run {
  /** What the program would write, would read, and would be told. */
  readonly program: Duplex
  readonly output: Duplex
  readonly report: Duplex
  received = 0
  text = ''
  told = ''
  outputEnded = false
  reportEnded = false

  constructor(child: ChildProcess) {
    super(child)
    const [program, output, report] = child.stdio.slice(3) as unknown as [Duplex, Duplex, Duplex]
    for (const stream of [program, output, report]) stream.on('error', () => undefined)
    this.program = program
    this.output = output
    this.report = report
    output.on('data', (data: Buffer) => {
      this.received += data.length
      if (this.text.length < 100_000) this.text += data.toString('latin1')
    })
    output.on('end', () => {
      this.outputEnded = true
    })
    report.on('data', (data: Buffer) => {
      this.told += data.toString('latin1')
    })
    report.on('end', () => {
      this.reportEnded = true
    })
  }
}

/** Runs that process on the far end. */
export function engineOn(far: Socket, words: readonly string[], env: Env): EngineRun {
  const stdio = [far, far, 'pipe', 'pipe', 'pipe', 'pipe'] as const
  const options = { argv0: 'tls-io', env: { PATH, ...env }, stdio: [...stdio] }
  const child = spawn(join(BIN, 'moreqmail'), ['name=x', 'report=true', ...words], options)
  far.destroy()
  return new EngineRun(child)
}

/** Runs a program without a connection. */
export function run(argv: readonly string[], env: Env, stdin: 'ignore' | 'pipe' = 'ignore'): Run {
  const [program = '', ...args] = argv
  return new Run(spawn(program, args, { env: { PATH, ...env }, stdio: [stdin, 'pipe', 'pipe'] }))
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const port = portOf(server)
  await new Promise((done) => server.close(done))
  return port
}

/** Waits until somebody listens there. */
export async function listening(port: number): Promise<void> {
  for (const start = Date.now(); Date.now() - start < 20_000; await delay(20)) {
    const socket = connect(port, '127.0.0.1')
    const up = await new Promise((done) => socket.once('connect', () => done(true)).once('error', () => done(false)))
    socket.destroy()
    if (up) return
  }
}

export const pem = (name: string): Buffer => readFileSync(`${KEYS}/${name}`)

/** A TLS stream that remembers what has come, and how it ended. */
export class Peer {
  readonly stream: TLSSocket
  text = ''
  count = 0
  ended = false
  error: string | undefined

  constructor(stream: TLSSocket) {
    this.stream = stream
    stream.on('data', (data: Buffer) => {
      this.count += data.length
      if (this.text.length < 100_000) this.text += data.toString('latin1')
    })
    stream.on('end', () => {
      this.ended = true
    })
    stream.on('error', (error: Error & { code?: string }) => {
      this.error ??= error.code ?? error.message
    })
    stream.on('close', () => {
      this.ended = true
    })
  }

  /** TLS as a client on a socket; done when the handshake is. */
  static async client(near: Socket, options: ConnectionOptions = {}): Promise<Peer> {
    const all = { socket: near, rejectUnauthorized: false, allowHalfOpen: true, ...options }
    const peer = new Peer(tls.connect(all))
    await Promise.race([new Promise((done) => peer.stream.once('secureConnect', done)), peer.over()])
    return peer
  }

  /** TLS as a server on a socket; done when the handshake is. */
  static async server(near: Socket, certificate: string, options: TLSSocketOptions = {}): Promise<Peer> {
    const secureContext = tls.createSecureContext({ key: pem(certificate), cert: pem(certificate) })
    const peer = new Peer(new tls.TLSSocket(near, { isServer: true, secureContext, ...options }))
    await Promise.race([new Promise((done) => peer.stream.once('secure', done)), peer.over()])
    return peer
  }

  /** Waits until so much text has come, or the end; what has. */
  async until(pattern: RegExp): Promise<string> {
    if (!(await until(() => pattern.test(this.text) || this.ended))) throw new Error(`no ${pattern} in ${this.text}`)
    return this.text
  }

  /** Waits for the end of the stream. */
  async over(): Promise<void> {
    await until(() => this.ended || this.error !== undefined)
  }
}

/** Waits until it is so, for `seconds` at most. True if it is. */
export async function until(so: () => boolean, seconds = 20): Promise<boolean> {
  for (const start = Date.now(); Date.now() - start < seconds * 1000; await delay(10)) if (so()) return true
  return so()
}

/** The next line in clear, and not a byte more: TLS may begin behind it. Less at the end, or if none comes. */
export async function line(near: Socket): Promise<string> {
  let text = ''
  await until(() => {
    const data: Buffer | null = near.read()
    if (data === null) return near.readableEnded || near.destroyed
    text += data.toString('latin1')
    const end = text.indexOf('\n') + 1
    if (end === 0) return false
    if (end < text.length) near.unshift(Buffer.from(text.slice(end), 'latin1'))
    text = text.slice(0, end)
    return true
  })
  return text
}

/** Processes whose environment has the mark, or that do TLS for them: [pid, command line]. */
export function processes(what = ''): ReadonlyArray<readonly [number, string]> {
  const found: Array<readonly [number, string]> = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ')
      const ours = readFileSync(`/proc/${name}/environ`, 'latin1').includes(MARK) || command.includes(MARK)
      if (ours && command.includes(what)) found.push([Number(name), command])
    } catch {
      // It has ended meanwhile.
    }
  }
  return found
}

/** A number of kB from a process's status. */
export function memory(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
}
