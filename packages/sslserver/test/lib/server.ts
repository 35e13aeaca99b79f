/** Decides nothing: runs sslserver, and connects to it. */
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { APP, type Env, KEYS, line, processes, type Run, run, until } from '../../../tls/test/lib/peer.ts'

export const ENV: Env = { CERTFILE: `${KEYS}/rsa.pem`, SSL_UID: '65534', SSL_GID: '65533' }
/** The program's steps up to TLS that it asks for. */
export const DELAYED: readonly string[] = ['w:hi', 'r:STARTTLS', 'w:220', 'Y', 'switch']

/** True once nothing is left of all that was started. */
export const gone = (): Promise<boolean> => until(() => processes().length === 0)

export interface Start {
  readonly env?: Env
  readonly host?: string
  /** Words before the server's. */
  readonly before?: readonly string[]
  readonly name?: 'sslserver' | 'tcpserver'
  /** In place of the program that takes steps. */
  readonly prog?: readonly string[]
}

export class Server {
  readonly port: number
  readonly host: string
  readonly run: Run

  private constructor(port: number, host: string, program: Run) {
    this.port = port
    this.host = host
    this.run = program
  }

  /** One that takes connections. */
  static async start(words: readonly string[], steps: readonly string[], how: Start = {}): Promise<Server> {
    const { env = ENV, host = '127.0.0.1', before = [], name = 'sslserver', prog = [...APP, ...steps] } = how
    const program = run([...before, name, '-1vRHl0', ...words, host, '0', ...prog], env)
    await until(() => / status: 0\/\d+\n/.test(program.stderr) || program.child.exitCode !== null)
    const port = Number(program.stdout)
    if (!(port > 0)) throw new Error(`no server: ${program.stderr}`)
    program.stderr = ''
    return new Server(port, host, program)
  }

  get pid(): number {
    return this.run.child.pid ?? 0
  }

  /** How many descriptors it has. */
  get open(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }

  async connect(): Promise<Socket> {
    const near = connect({ port: this.port, host: this.host, allowHalfOpen: true })
    near.on('error', () => undefined)
    await new Promise((done) => near.once('connect', done).once('close', done))
    return near
  }

  /** A connection on which TLS has been asked for in clear. */
  async starttls(): Promise<Socket> {
    const near = await this.connect()
    await line(near)
    near.write('STARTTLS\r\n')
    await line(near)
    return near
  }

  /** Ends it. */
  async stop(t: Test): Promise<void> {
    this.run.child.kill('SIGTERM')
    t.equal(await this.run.ended, 0)
    t.ok(await gone(), JSON.stringify(processes()))
  }

  /** All that it has said, once there is something like this. */
  async said(pattern: RegExp): Promise<string> {
    await until(() => pattern.test(this.run.stderr))
    return this.run.stderr
  }
}
