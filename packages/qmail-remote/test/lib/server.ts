/** A server that says what a test wants, in the pieces it wants, and notes what it hears. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { Test } from 'tap'

export interface Answers {
  readonly greeting?: string
  readonly ehlo?: string
  readonly helo?: string
  readonly starttls?: string
  readonly mail?: string
  /** For each recipient in turn; the last one goes on. */
  readonly rcpt?: readonly string[]
  readonly data?: string
  readonly message?: string
  /** Any other command, AUTH among them. */
  readonly other?: (command: string) => string
  /** The key and certificate with which it does TLS, both in PEM; '': whatever comes as a handshake, it hangs up. */
  readonly tls?: string
  /** TLS comes first. */
  readonly implicit?: boolean
  /** It closes after so many bytes in all. */
  readonly cut?: number
  /** Bytes of each write, with a millisecond between two. */
  readonly size?: number
  /** It closes as soon as this has been heard. */
  readonly hangUpAt?: RegExp
}

/** One connection: the lines heard, marked `TLS ` where they came through TLS; the message is one of them. */
export type Heard = string[]

/** A listening server; connection n gets the answers at n, or the last ones. */
export class FakeServer {
  readonly heard: Heard[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, answers: readonly Answers[]) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      const heard: Heard = []
      const own = answers[Math.min(this.heard.length, answers.length - 1)] ?? {}
      this.heard.push(heard)
      void new Session(own, heard).start(socket)
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  static async start(t: Test, answers: readonly Answers[], host = '127.0.0.1', port = 0): Promise<FakeServer> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }).listen({ host, port })
    await once(server, 'listening')
    const fake = new FakeServer(server, answers)
    t.teardown(() => fake.close())
    return fake
  }

  /** Waits for the last client's QUIT, which may be on its way through another process when the client has ended. */
  async quit(): Promise<void> {
    for (let i = 0; i < 200 && !this.heard.at(-1)?.at(-1)?.endsWith('QUIT'); i++) await delay(10)
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

class Session {
  readonly #answers: Answers
  readonly #heard: Heard
  #socket: Socket | undefined
  #secure = false
  #busy = Promise.resolve()
  #said = 0
  #buffer = ''
  #text = false
  #rcpt = 0

  constructor(answers: Answers, heard: Heard) {
    this.#answers = answers
    this.#heard = heard
  }

  async start(socket: Socket): Promise<void> {
    socket.on('error', () => undefined)
    this.#socket = socket
    if (this.#answers.cut === 0) {
      socket.destroy()
      return
    }
    if (this.#answers.implicit) await this.#startTls()
    else this.#listen(socket)
    this.#say(this.#answers.greeting ?? '220 mx\r\n')
  }

  #listen(socket: Socket): void {
    socket.on('data', (piece: Buffer) => {
      this.#buffer += piece.toString('latin1')
      this.#take()
    })
    socket.on('end', () => this.#socket?.end())
  }

  #take(): void {
    for (;;) {
      const mark = this.#text ? /(?:^|\r\n)\.\r\n/ : /\r\n/
      const end = mark.exec(this.#buffer)
      if (end === null) return
      const length = end.index + end[0].length
      const line = this.#buffer.slice(0, this.#text ? length : end.index)
      this.#buffer = this.#buffer.slice(length)
      this.#heard.push(this.#secure ? `TLS ${line}` : line)
      if (this.#answers.hangUpAt?.test(line)) return void this.#socket?.destroy()
      this.#answer(line)
    }
  }

  #answer(line: string): void {
    const { ehlo, helo, starttls, mail, rcpt, data, message, other } = this.#answers
    const verb = line.slice(0, 4).toUpperCase()
    if (this.#text) {
      this.#text = false
      this.#say(message ?? '250 queued\r\n')
    } else if (verb === 'EHLO') this.#say(ehlo ?? '250 mx\r\n')
    else if (verb === 'HELO') this.#say(helo ?? '250 mx\r\n')
    else if (verb === 'STAR') {
      this.#say(starttls ?? '220 go\r\n')
      if ((starttls ?? '220').startsWith('220')) this.#busy = this.#busy.then(() => this.#startTls())
    } else if (verb === 'MAIL') this.#say(mail ?? '250 ok\r\n')
    else if (verb === 'RCPT') {
      this.#say(rcpt?.[Math.min(this.#rcpt, rcpt.length - 1)] ?? '250 ok\r\n')
      this.#rcpt++
    } else if (verb === 'DATA') {
      this.#text = (data ?? '354').startsWith('354')
      this.#say(data ?? '354 go\r\n')
    } else if (verb === 'QUIT') this.#busy = this.#busy.then(() => void this.#socket?.end('221 bye\r\n'))
    else this.#say(other?.(line) ?? '502 what\r\n')
  }

  async #startTls(): Promise<void> {
    const raw = this.#socket
    const pem = this.#answers.tls
    if (raw === undefined) return
    raw.removeAllListeners('data')
    raw.removeAllListeners('end')
    if (!pem) {
      raw.once('data', () => raw.destroy())
      return
    }
    const secureContext = createSecureContext({ key: pem, cert: pem })
    const tls = new TLSSocket(raw, { isServer: true, secureContext })
    tls.on('error', () => undefined)
    this.#socket = tls
    this.#secure = true
    this.#listen(tls)
  }

  #say(text: string): void {
    const { cut = Number.POSITIVE_INFINITY, size = text.length } = this.#answers
    this.#busy = this.#busy.then(async () => {
      for (let at = 0; at < text.length; at += size) {
        const piece = text.slice(at, Math.min(text.length, at + size, at + cut - this.#said))
        this.#said += piece.length
        if (this.#said >= cut) {
          this.#socket?.end(piece, 'latin1')
          return
        }
        if (!this.#socket?.destroyed) this.#socket?.write(piece, 'latin1')
        if (size < text.length) await new Promise((done) => setTimeout(done, 1))
      }
    })
  }
}
