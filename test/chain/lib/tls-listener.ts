/** Decides nothing: a small UCSPI-TLS server, for chains that need one while no other is installed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'

const KEYS = 'test/cases/tls'

/** Listens on 127.0.0.1, runs a program for each connection, and does TLS for it once it is asked. */
export class TlsListener {
  readonly port: number
  readonly #server: Server
  /** Of each connection, its socket and its program. */
  readonly #connections: Map<Socket, ChildProcess>

  private constructor(port: number, server: Server, connections: Map<Socket, ChildProcess>) {
    this.port = port
    this.#server = server
    this.#connections = connections
  }

  /** `certificate`: a file with key and certificate for mx.example. */
  static async start(
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    certificate = 'mx.pem',
  ): Promise<TlsListener> {
    const pem = readFileSync(join(KEYS, certificate))
    const secureContext = createSecureContext({ key: pem, cert: pem })
    const connections = new Map<Socket, ChildProcess>()
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      const child = runOn(socket, argv, env)
      connections.set(socket, child)
      socket.on('close', () => connections.delete(socket))
      const [control, toProgram, fromProgram] = child.stdio.slice(3) as unknown as [Duplex, Duplex, Duplex]
      for (const stream of [socket, control, toProgram, fromProgram]) stream.on('error', () => undefined)
      let underTls = false
      control.once('data', () => {
        underTls = true
        const tls = new TLSSocket(socket, { isServer: true, secureContext, minVersion: 'TLSv1.2' })
        tls.on('error', () => tls.destroy())
        tls.on('close', () => {
          control.destroy()
          toProgram.destroy()
        })
        tls.once('secure', () => {
          control.end(`SSL_PROTOCOL=${tls.getProtocol()}\0SSL_CIPHER=${tls.getCipher().name}\0\0`)
          tls.pipe(toProgram)
          fromProgram.pipe(tls)
        })
      })
      // Without TLS the connection is the program's alone.
      control.once('end', () => {
        if (!underTls) socket.destroy()
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    return new TlsListener(typeof address === 'object' && address !== null ? address.port : 0, server, connections)
  }

  async stop(): Promise<void> {
    for (const [socket, child] of this.#connections) {
      child.kill('SIGTERM')
      socket.destroy()
    }
    await new Promise((done) => this.#server.close(done))
  }
}

function runOn(socket: Socket, argv: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const [program = '', ...args] = argv
  const ends = { TCPREMOTEIP: '127.0.0.1', TCPREMOTEHOST: 'client.example', TCPLOCALHOST: 'mx.example' }
  const descriptors = { SSLCTLFD: '3', SSLREADFD: '4', SSLWRITEFD: '5' }
  return spawn(program, args, {
    env: { PROTO: 'TCP', ...ends, ...descriptors, ...env },
    stdio: [socket, socket, 'inherit', 'pipe', 'pipe', 'pipe'],
  })
}
