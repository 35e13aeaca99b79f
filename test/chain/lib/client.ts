/** Decides nothing: an SMTP or POP3 client that does exactly what it is told, and sees every byte that comes. */
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as secure } from 'node:tls'

const SECONDS = 20

export class Client {
  #socket: Socket
  #text = ''
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen(socket)
  }

  #listen(socket: Socket): void {
    socket.on('data', (data: Buffer) => {
      this.#text += data.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#ended = true
    })
  }

  /** Connects and reads the greeting. */
  static async connect(port: number): Promise<Client> {
    const client = Client.open(port)
    await client.reply()
    return client
  }

  /** Connects. */
  static open(port: number, host = '127.0.0.1'): Client {
    return new Client(connect(port, host))
  }

  /** Starts TLS; false if the handshake fails. What comes from now on has come by TLS. */
  async startTls(): Promise<boolean> {
    if (this.#ended) return false
    const socket = this.#socket
    socket.removeAllListeners('data')
    this.#text = ''
    const tls = secure({ socket, rejectUnauthorized: false })
    this.#socket = tls
    this.#listen(tls)
    return await new Promise((done) => {
      tls.once('secureConnect', () => done(true))
      for (const event of ['error', 'close']) tls.once(event, () => done(false))
      socket.once('close', () => done(false))
    })
  }

  /** The next line, without its CR LF; what there is of it when nothing more comes. */
  async line(): Promise<string> {
    for (const start = Date.now(); Date.now() - start < SECONDS * 1000; await delay(2)) {
      const end = this.#text.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return line
      }
      if (this.#ended) break
    }
    return this.#text
  }

  /** Sends a command and reads one line. */
  async askLine(command: string): Promise<string> {
    this.send(`${command}\r\n`)
    return await this.line()
  }

  send(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** The next whole reply, without its last CR LF; what there is of it when nothing more comes. */
  async reply(): Promise<string> {
    for (const start = Date.now(); Date.now() - start < SECONDS * 1000; await delay(2)) {
      const [reply] = /^(?:[0-9]{3}-[^\n]*\n)*[0-9]{3} [^\n]*\r\n/.exec(this.#text) ?? []
      if (reply !== undefined) {
        this.#text = this.#text.slice(reply.length)
        return reply.slice(0, -2)
      }
      if (this.#ended) break
    }
    return this.#text
  }

  /** Sends a command and reads its reply. */
  async ask(command: string): Promise<string> {
    this.send(`${command}\r\n`)
    return await this.reply()
  }

  /** Everything that comes until the connection ends. */
  async rest(): Promise<string> {
    for (const start = Date.now(); !this.#ended && Date.now() - start < SECONDS * 1000; ) await delay(2)
    return this.#ended ? this.#text : `${this.#text} and no end`
  }

  /** What has come by the end of so many milliseconds and was not taken. */
  async within(milliseconds: number): Promise<string> {
    await delay(milliseconds)
    return this.#text
  }

  close(): void {
    this.#socket.destroy()
  }
}
