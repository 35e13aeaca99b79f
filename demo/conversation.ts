/** A client that shows what it says: for submitting and fetching, in the clear first and then with TLS. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { say } from './screen.ts'

/** One connection, a line at a time. */
export class Conversation {
  #socket: Socket
  #buffer = ''
  #closed = false
  #news: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  /** Connects, from an address of our own if one is given. */
  static async to(host: string, port: number, localAddress?: string): Promise<Conversation> {
    const socket = connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) })
    await once(socket, 'connect')
    return new Conversation(socket)
  }

  #listen(): void {
    this.#socket.on('data', (data: Buffer) => {
      this.#buffer += data.toString('latin1')
      this.#news()
    })
    this.#socket.on('error', () => undefined) // its end says enough
    this.#socket.on('close', () => {
      this.#closed = true
      this.#news()
    })
  }

  /** The next line without its end, not shown. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#buffer.slice(0, end)
        this.#buffer = this.#buffer.slice(end + 2)
        return line
      }
      if (this.#closed) throw new Error('the server has closed the connection')
      await new Promise<void>((resolve) => {
        this.#news = resolve
      })
    }
  }

  /** A reply, shown: of SMTP all its lines, of POP3 its first. It must begin so. */
  async expect(start: string): Promise<void> {
    for (;;) {
      const line = await this.line()
      say(`   S: ${line}`)
      if (!line.startsWith(start)) throw new Error(`the server was to say ${start}`)
      if (!/^\d{3}-/.test(line)) return
    }
  }

  /** Says a line and waits for its reply; `as` is what is shown in its place. */
  async ask(line: string, start: string, as = line): Promise<void> {
    say(`   C: ${as}`)
    this.send(`${line}\r\n`)
    await this.expect(start)
  }

  /** Sends bytes, not shown. */
  send(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** The lines up to a single dot, undone of dot stuffing, not shown. */
  async lines(): Promise<readonly string[]> {
    const lines: string[] = []
    for (let line = await this.line(); line !== '.'; line = await this.line()) lines.push(line.replace(/^\./, ''))
    return lines
  }

  /** Goes on with TLS; the certificate must be this one, for this name. */
  async secure(name: string, certificate: string): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners()
    const tls = connectTls({ socket: plain, servername: name, ca: certificate })
    await once(tls, 'secureConnect')
    say(`   -- ${tls.getProtocol()} with ${tls.getCipher().name}, the certificate of ${name} is good`)
    this.#socket = tls
    this.#listen()
  }

  /** Waits for the end of the connection. */
  async end(): Promise<void> {
    this.#socket.end()
    if (!this.#closed) await once(this.#socket, 'close')
  }
}
