/** Decides nothing: an SMTP client that does exactly what it is told, and sees every byte that comes. */
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const SECONDS = 20

export class Client {
  readonly #socket: Socket
  #text = ''
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
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
    const client = new Client(connect(port, '127.0.0.1'))
    await client.reply()
    return client
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
