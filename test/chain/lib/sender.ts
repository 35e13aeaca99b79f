/** Decides nothing: an SMTP client that tries to send messages, and keeps count of what may have come of each try. */
import { connect, type Socket } from 'node:net'
import { connect as secure } from 'node:tls'

const SECONDS = 60

/** A message, and what has become of it so far. */
export interface Parcel {
  readonly sender: string
  readonly recipients: readonly string[]
  /** With CR LF, without the last dot. */
  readonly text: string
  /** It was answered with 250: it must not be lost. */
  accepted: boolean
  /** Tries that ended behind the last dot without a 250: each of them may have left a copy. */
  doubtful: number
}

/** How a client logs in, under STARTTLS. */
export interface Login {
  readonly ca: Buffer
  readonly name: string
  readonly password: string
}

/** The connection has ended, or the server has said that it can't go on. */
class Over extends Error {}

/** A server to send to, and everything that it should never have done. */
export class Sender {
  /** Replies that refuse for good. */
  readonly refusals: string[] = []
  /** What was waited for in vain. */
  readonly hangs: string[] = []
  /** How many sessions there were, with those that ended early. */
  sessions = 0
  readonly #port: number
  readonly #login: Login | undefined
  readonly #host: string

  constructor(port: number, login?: Login, host = '127.0.0.1') {
    this.#port = port
    this.#login = login
    this.#host = host
  }

  /** Tries to send the messages, which are not accepted yet, in one session. False if there was none to be had. */
  async session(parcels: readonly Parcel[]): Promise<boolean> {
    const link = new Link(connect(this.#port, this.#host), this.hangs)
    let greeted = false
    try {
      this.#expect('220', await link.reply(), 'the greeting')
      greeted = true
      this.sessions++
      const last = await this.#logIn(link)
      for (const parcel of parcels) await this.#send(last, parcel)
      await last.ask('QUIT')
    } catch (error) {
      if (!(error instanceof Over)) throw error
    } finally {
      link.close()
    }
    return greeted
  }

  async #logIn(link: Link): Promise<Link> {
    this.#expect('250', await link.ask('EHLO client.example'), 'EHLO')
    if (this.#login === undefined) return link
    const { ca, name, password } = this.#login
    this.#expect('220', await link.ask('STARTTLS'), 'STARTTLS')
    const inside = await link.secured(ca)
    this.#expect('250', await inside.ask('EHLO client.example'), 'EHLO under TLS')
    const words = Buffer.from(`\0${name}\0${password}`).toString('base64')
    this.#expect('235', await inside.ask(`AUTH PLAIN ${words}`), 'AUTH')
    return inside
  }

  async #send(link: Link, parcel: Parcel): Promise<void> {
    this.#expect('250', await link.ask(`MAIL FROM:<${parcel.sender}>`), 'MAIL')
    for (const recipient of parcel.recipients) this.#expect('250', await link.ask(`RCPT TO:<${recipient}>`), 'RCPT')
    this.#expect('354', await link.ask('DATA'), 'DATA')
    parcel.doubtful++
    const reply = await link.ask(`${parcel.text}.`)
    if (reply.startsWith('250')) {
      parcel.doubtful--
      parcel.accepted = true
    } else if (!reply.startsWith('4')) this.refusals.push(`the message: ${reply}`)
  }

  #expect(code: string, reply: string, what: string): void {
    if (reply.startsWith(code)) return
    if (!reply.startsWith('4')) this.refusals.push(`${what}: ${reply}`)
    throw new Over()
  }
}

/** A connection of which whole replies are read, one for each command. */
class Link {
  readonly #socket: Socket
  readonly #hangs: string[]
  #text = ''
  #ended = false
  #command = 'a connection'
  #wake = (): void => {}
  readonly #take = (data: Buffer): void => {
    this.#text += data.toString('latin1')
    this.#wake()
  }

  constructor(socket: Socket, hangs: string[]) {
    this.#socket = socket
    this.#hangs = hangs
    socket.setNoDelay(true)
    socket.on('data', this.#take)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** The next reply; Over if there is none. */
  async reply(): Promise<string> {
    for (;;) {
      const [reply] = /^(?:[0-9]{3}-[^\n]*\n)*[0-9]{3} [^\n]*\r\n/.exec(this.#text) ?? []
      if (reply !== undefined) {
        this.#text = this.#text.slice(reply.length)
        return reply.slice(0, -2)
      }
      if (this.#ended) throw new Over()
      await this.#change()
    }
  }

  ask(command: string): Promise<string> {
    this.#command = command.length < 200 ? command : 'a message'
    this.#socket.write(`${command}\r\n`, 'latin1')
    return this.reply()
  }

  /** The same connection under TLS; Over if that fails. */
  async secured(ca: Buffer): Promise<Link> {
    this.#socket.off('data', this.#take)
    this.#command = 'a handshake'
    const socket = secure({ socket: this.#socket, ca, servername: 'mx.example' })
    const link = new Link(socket, this.#hangs)
    let done = false
    socket.on('secureConnect', () => {
      done = true
      this.#wake()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
    while (!done) {
      if (this.#ended) throw new Over()
      await this.#change()
    }
    return link
  }

  close(): void {
    this.#socket.destroy()
  }

  #change(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(() => {
        this.#hangs.push(`no answer to ${this.#command} in ${SECONDS} s`)
        this.#socket.destroy()
      }, SECONDS * 1000)
      this.#wake = () => {
        clearTimeout(timer)
        done()
      }
    })
  }
}
