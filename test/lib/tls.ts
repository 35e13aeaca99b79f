/** Decides how the player takes part in TLS: an engine that is fed from a transport only when data is wanted. */
import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { connect, createServer, type SecureContextOptions, type SecureVersion, type TLSSocket } from 'node:tls'
import type { TlsStep } from './case.ts'
import { type Deadline, Fail } from './deadline.ts'
import { search } from './pattern.ts'
import type { Transport } from './transport.ts'

/** How a TLS stream has ended: announced, or not. */
export type End = 'close_notify' | 'cut'

export type Role = 'client' | 'server'

/** Turns of the event loop after which the engine has worked off what it was fed. */
const TURNS = 3

/** The suites of TLS 1.3, which the key `ciphers` does not touch. */
const SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'

/** One side of a TLS connection. The transport stays as it is, so it is still of use when the handshake has failed. */
export class Tls {
  readonly #transport: Transport
  readonly #step: TlsStep
  readonly #deadline: Deadline
  readonly #wire: Duplex
  #socket: TLSSocket | undefined
  #secure = false
  #refusal: string | undefined
  #sendFailure: unknown
  #ended = false
  #end: End | undefined
  /** The name that the client has asked for. */
  #name: string | null = null

  constructor(transport: Transport, role: Role, step: TlsStep, directory: string, deadline: Deadline) {
    this.#transport = transport
    this.#step = step
    this.#deadline = deadline
    this.#wire = this.#newWire()
    const options = { ...filesOf(step, directory), ...versionsOf(step) }
    if (role === 'server') this.#serve(options)
    else this.#call(options)
  }

  /** How the stream has ended, undefined while it goes on. */
  get end(): End | undefined {
    return this.#end
  }

  /** Makes the handshake: true, or false when it had to fail and did. What the step says of it is checked. */
  async start(): Promise<boolean> {
    const wanted = this.#step.fail ?? false
    let refusal = await this.#handshake()
    if (refusal === undefined && wanted !== false) refusal = await this.#lateRefusal()
    if (refusal === undefined) {
      if (wanted !== false) throw new Fail('TLS handshake worked')
      this.#check()
      return true
    }
    if (wanted === false) throw new Fail(`TLS handshake failed: ${refusal}`)
    if (typeof wanted === 'string' && !search(wanted, refusal))
      throw new Fail(`TLS handshake failed with ${refusal}, wanted ${wanted}`)
    this.close()
    return false
  }

  /** The next bytes of the stream, undefined at its end. */
  async pull(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk: Buffer | null = this.#socket?.read() ?? null
      if (chunk !== null) return chunk
      await turn() // an end that read() has met is announced only now
      if (this.#refusal !== undefined) throw new Fail(`TLS: ${this.#refusal}`)
      if (this.#ended) this.#end ??= 'close_notify'
      else if (!(await this.#feed())) this.#end ??= 'cut'
      if (this.#end !== undefined) return undefined
    }
  }

  async send(data: Uint8Array): Promise<void> {
    if (data.length === 0) return
    const written = new Promise<void>((resolve, reject) => {
      this.#socket?.write(data, (error) => {
        if (error) reject(new Fail(`TLS: ${error.message}`))
        else resolve()
      })
    })
    await this.#deadline.within(written, 'timed out while sending')
    if (this.#sendFailure !== undefined) throw this.#sendFailure
  }

  /** Announces the end of what we send. */
  async closeNotify(): Promise<void> {
    const finished = new Promise<void>((resolve) => {
      this.#socket?.end(resolve)
    })
    await this.#deadline.within(finished, 'timed out while sending')
  }

  /** Drops the engine; nothing more is sent. */
  close(): void {
    this.#socket?.destroy()
    this.#wire.destroy()
  }

  /** The engine's far side: what it writes goes to the transport, what it reads is pushed by #feed. */
  #newWire(): Duplex {
    return new Duplex({
      allowHalfOpen: true,
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        this.#emit(chunk).then(() => done(), done)
      },
    })
  }

  /** A peer that is gone must not hide what it said before: the engine goes on, and the next send fails. */
  async #emit(chunk: Buffer): Promise<void> {
    try {
      await this.#transport.push(chunk, this.#deadline)
    } catch (error) {
      this.#sendFailure ??= error
    }
  }

  #call(options: SecureContextOptions): void {
    const { servername, ca } = this.#step
    const socket = connect({
      ...options,
      ...(servername === undefined ? {} : { servername }),
      socket: this.#wire,
      rejectUnauthorized: ca !== undefined,
      checkServerIdentity: () => undefined,
    })
    this.#watch(socket)
    socket.on('secureConnect', () => {
      this.#secure = true
    })
  }

  #serve(options: SecureContextOptions): void {
    const { ca, optional } = this.#step
    const server = createServer({
      ...options,
      requestCert: ca !== undefined,
      rejectUnauthorized: ca !== undefined && !optional,
      SNICallback: (name, answer) => {
        this.#name ??= name
        answer(null)
      },
    })
    server.on('secureConnection', (socket) => {
      this.#watch(socket)
      if (ca !== undefined && !socket.authorized && hasPeer(socket)) this.#refuse(String(socket.authorizationError))
      this.#secure = true
    })
    server.on('tlsClientError', (error) => this.#refuse(reasonOf(error)))
    server.emit('connection', this.#wire)
  }

  #watch(socket: TLSSocket): void {
    this.#socket = socket
    socket.on('error', (error) => this.#refuse(reasonOf(error)))
    socket.on('readable', () => this.#transport.change.notify())
    socket.on('end', () => {
      this.#ended = true
      this.#transport.change.notify()
    })
  }

  #refuse(reason: string): void {
    this.#refusal ??= reason
    this.#transport.change.notify()
  }

  /** Undefined when it worked, else the reason why not. */
  async #handshake(): Promise<string | undefined> {
    await settle()
    while (!this.#secure && this.#refusal === undefined) {
      if (!(await this.#feed())) return this.#refusal ?? 'end of file'
    }
    return this.#refusal
  }

  /** A refusal that comes after our side is done, as TLS 1.3 has it: instead of the first data. */
  async #lateRefusal(): Promise<string | undefined> {
    try {
      return (await this.pull()) === undefined ? 'end of file' : undefined
    } catch (error) {
      if (!(error instanceof Fail)) throw error
      return error.message === 'timed out' ? undefined : error.message
    }
  }

  /** Moves what has come into the engine, or waits until something comes; false when nothing will any more. */
  async #feed(): Promise<boolean> {
    const chunk = this.#transport.take()
    if (chunk !== undefined) {
      this.#wire.push(chunk)
      await settle()
      return true
    }
    if (this.#transport.ended) return false
    if (this.#deadline.passed) throw new Fail('timed out')
    await this.#transport.change.wait(this.#deadline.left)
    return true
  }

  #check(): void {
    const { sni, version, peer } = this.#step
    if (sni !== undefined && this.#name !== sni) throw new Fail(`SNI was ${this.#name}`)
    const protocol = this.#socket?.getProtocol()
    if (version !== undefined && protocol !== version) throw new Fail(`TLS version ${protocol}`)
    if (peer === undefined) return
    const names = this.#socket === undefined ? [] : [this.#socket.getPeerCertificate().subject?.CN ?? []].flat()
    if (peer === null ? this.#socket !== undefined && hasPeer(this.#socket) : !names.includes(peer))
      throw new Fail(`peer certificate of ${names.join(', ')}, wanted ${peer}`)
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await turn()
}

/** In few words; the message of an OpenSSL error has its source lines too. */
function reasonOf(error: Error & { readonly reason?: string }): string {
  return error.reason ?? error.message
}

function hasPeer(socket: TLSSocket): boolean {
  return Object.keys(socket.getPeerCertificate() ?? {}).length > 0
}

function filesOf(step: TlsStep, directory: string): SecureContextOptions {
  const read = (name: string): Buffer => readFileSync(isAbsolute(name) ? name : join(directory, name))
  return {
    ...(step.cert === undefined ? {} : { cert: read(step.cert), key: read(step.cert) }),
    ...(step.ca === undefined ? {} : { ca: read(step.ca) }),
  }
}

function versionsOf(step: TlsStep): SecureContextOptions {
  const { min, max, ciphers } = step
  const old = max === 'TLSv1' || max === 'TLSv1.1'
  const list = ciphers ?? (old ? 'ALL:@SECLEVEL=0' : undefined)
  return {
    minVersion: (min ?? (old ? max : 'TLSv1.2')) as SecureVersion,
    maxVersion: (max ?? 'TLSv1.3') as SecureVersion,
    ...(list === undefined ? {} : { ciphers: `${SUITES}:${list}` }),
  }
}
