/** OpenDKIM as the other side: it verifies in its test mode, and signs as a milter. */
import { spawn } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { run, write } from './run.ts'

const OPENDKIM = '/usr/sbin/opendkim'

/** How many signatures of a message it has found good, and how many it has looked at. */
export async function verifiedBy(dir: string, message: string, records: ReadonlyMap<string, string>): Promise<string> {
  const keys = write(join(dir, 'zone'), [...records].map(([name, text]) => `${name} ${text}\n`).join(''))
  const file = write(join(dir, 'message'), message.replaceAll('\n', '\r\n'))
  const conf = write(join(dir, 'verify.conf'), `Mode v\nSyslog no\nTestDNSData ${keys}\n`)
  const { out, err } = await run([OPENDKIM, '-x', conf, '-t', file, '-v', '-v'], '')
  return out + err
}

/** Signs a message: the field with LF line ends. */
export class OpenDkim {
  readonly #port: number
  readonly #child

  private constructor(port: number, conf: string) {
    this.#port = port
    this.#child = spawn(OPENDKIM, ['-f', '-x', conf], { stdio: 'ignore' })
  }

  static async start(dir: string, settings: string): Promise<OpenDkim> {
    const port = await freePort()
    const conf = write(
      join(dir, `sign-${port}.conf`),
      `Mode s\nSyslog no\nBackground no\nRequireSafeKeys no\nInternalHosts 0.0.0.0/0\nSocket inet:${port}@127.0.0.1\n${settings}`,
    )
    const milter = new OpenDkim(port, conf)
    for (let tries = 0; tries < 100 && !(await answers(port)); tries++) await delay(50)
    return milter
  }

  stop(): void {
    this.#child.kill('SIGTERM')
  }

  async sign(header: readonly string[], body: string): Promise<string> {
    const conversation = new Conversation(connect(this.#port, '127.0.0.1'))
    const word = (n: number) => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255])
    conversation.send('O', Buffer.concat([word(6), word(0x1ff), word(0)]))
    await conversation.reply()
    const step = async (command: string, ...texts: readonly string[]) => {
      conversation.send(command, Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1'))
      return conversation.reply()
    }
    conversation.send('C', Buffer.from('client.example\x004\x00\x19127.0.0.1\0', 'latin1'))
    await conversation.reply()
    await step('H', 'client.example')
    await step('M', '<joe@example.com>')
    await step('R', '<sue@example.org>')
    for (const field of header) {
      const colon = field.indexOf(':')
      await step('L', field.slice(0, colon), field.slice(colon + 1).replace(/^ /, ''))
    }
    await step('N')
    for (let at = 0; at < body.length; at += 65535) {
      conversation.send('B', Buffer.from(body.replaceAll('\n', '\r\n').slice(at, at + 65535), 'latin1'))
      await conversation.reply()
    }
    conversation.send('E', Buffer.alloc(0))
    for (;;) {
      const reply = await conversation.reply()
      if (reply[0] === 'i' || reply[0] === 'h') {
        const [name, value = ''] = reply.slice(reply[0] === 'i' ? 5 : 1).split('\0')
        conversation.end()
        return `${name}: ${value.replace(/^ /, '').replaceAll('\r\n', '\n')}\n`
      }
      if ('acdrt'.includes(reply.charAt(0))) throw new Error(`no signature: ${reply.charAt(0)}`)
    }
  }
}

class Conversation {
  readonly #socket: Socket
  #data = Buffer.alloc(0)
  #wake: () => void = () => undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (data: Buffer) => {
      this.#data = Buffer.concat([this.#data, data])
      this.#wake()
    })
    socket.on('close', () => {
      this.#data = Buffer.concat([this.#data, Buffer.from([0, 0, 0, 1, 100])])
      this.#wake()
    })
    socket.on('error', () => undefined)
  }

  send(command: string, data: Buffer): void {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(data.length + 1)
    head.write(command, 4)
    this.#socket.write(Buffer.concat([head, data]))
  }

  async reply(): Promise<string> {
    for (;;) {
      if (this.#data.length >= 4 && this.#data.length >= 4 + this.#data.readUInt32BE(0)) {
        const end = 4 + this.#data.readUInt32BE(0)
        const reply = this.#data.subarray(4, end).toString('latin1')
        this.#data = this.#data.subarray(end)
        return reply
      }
      await new Promise<void>((wake) => {
        this.#wake = wake
      })
    }
  }

  end(): void {
    this.#socket.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => socket.destroy())
    socket.on('error', () => undefined)
    socket.on('close', (failed) => done(!failed))
  })
}
