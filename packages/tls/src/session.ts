/** One TLS session of the engine, at one end of a socket pair: what it has to say is kept until it is asked. */
import net from 'node:net'
import tls from 'node:tls'
import type { Assignment } from './assignment.ts'
import { reasonOf } from './fault.ts'

/** Bytes that may wait in the engine to be encrypted. */
const ROOM = 65536

/** What only Node has, where a server's session doesn't say whether the peer is verified. */
interface NodeSocket {
  readonly ssl?: { readonly verifyError?: () => unknown }
}

export class TlsSession {
  /** The handshake is over. */
  opened = false
  /** The peer has ended its stream, or nothing more can come from it. */
  ended = false
  /** What went wrong, in the engine's words. */
  failure: string | undefined
  /** Something has happened since this was last set to false. */
  stirred = false
  /** Bytes from the peer, in order. */
  readonly chunks: Uint8Array[] = []
  readonly #socket: tls.TLSSocket
  #listening = true

  /** `end` is closed by the engine. */
  constructor(end: number, context: tls.SecureContext, assignment: Assignment) {
    const socket = socketOn(end, context, assignment)
    this.#socket = socket
    const on = (event: string, action: (value: unknown) => void): void => {
      socket.on(event, (value: unknown) => {
        this.stirred = true
        action(value)
      })
    }
    const failed = (error: unknown): void => {
      this.failure ??= reasonOf(error)
    }
    on(assignment.server ? 'secure' : 'secureConnect', () => {
      this.opened = true
    })
    on('data', (chunk) => this.chunks.push(chunk as Buffer))
    on('end', () => {
      this.ended = true
    })
    on('close', () => {
      this.ended = true
    })
    on('drain', () => {})
    on('error', failed)
    on('_tlsError', failed)
  }

  get protocol(): string {
    return this.#socket.getProtocol() ?? ''
  }

  get cipher(): string {
    return this.#socket.getCipher().name
  }

  /** The name that the client has asked for. */
  get servername(): string | undefined {
    const { servername } = this.#socket as { servername?: unknown }
    return typeof servername === 'string' && servername !== '' ? servername : undefined
  }

  /** The peer's certificate in DER and its SHA-256 in hexadecimal; undefined if it has shown none. */
  get peer(): { readonly der: Uint8Array; readonly hash: string } | undefined {
    const { raw, fingerprint256 } = this.#socket.getPeerCertificate()
    return raw === undefined ? undefined : { der: raw, hash: fingerprint256.replaceAll(':', '') }
  }

  /** Why the peer's certificate is not to be trusted; undefined if it is. */
  get mistrust(): string | undefined {
    const { ssl } = this.#socket as unknown as NodeSocket
    const error = ssl?.verifyError === undefined ? this.#socket.authorizationError : ssl.verifyError()
    if (error instanceof Error) return error.message
    return error ? String(error).toLowerCase().replaceAll('_', ' ') : undefined
  }

  /** True if the engine takes more to encrypt now. */
  get hasRoom(): boolean {
    return this.#socket.writableLength < ROOM
  }

  /** Encrypts a copy of the bytes. */
  write(bytes: Uint8Array): void {
    this.#socket.write(Buffer.from(bytes))
  }

  /** Lets more bytes from the peer come, or (with false) no more. */
  listen(on: boolean): void {
    if (on === this.#listening) return
    this.#listening = on
    if (on) this.#socket.resume()
    else this.#socket.pause()
  }

  /** After all that was written: close_notify. */
  end(): void {
    this.#socket.end()
  }

  /** The session is given up. */
  drop(): void {
    this.#socket.destroy()
  }
}

function socketOn(end: number, secureContext: tls.SecureContext, assignment: Assignment): tls.TLSSocket {
  // Bun has no other way to a descriptor than connect, Node none but the constructor.
  const at: object = { fd: end, allowHalfOpen: true }
  const socket = 'bun' in process.versions ? net.connect(at as net.NetConnectOpts) : new net.Socket(at)
  // What goes wrong here shows in the session.
  socket.on('error', () => {})
  const { server, clientCertificate, serverName } = assignment
  if (server) {
    const options: tls.TLSSocketOptions & net.SocketConstructorOpts = {
      isServer: true,
      secureContext,
      allowHalfOpen: true,
      requestCert: clientCertificate !== 'none',
      rejectUnauthorized: clientCertificate === 'required',
    }
    return new tls.TLSSocket(socket, options)
  }
  const options: tls.ConnectionOptions & net.SocketConstructorOpts = {
    socket,
    secureContext,
    allowHalfOpen: true,
    // Both are judged when the handshake is over.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
  const session = tls.connect(options)
  session.disableRenegotiation()
  return session
}
