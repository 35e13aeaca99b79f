/** Decides how bytes move over descriptors and sockets: taken only when wanted, ended as the case says. */
import { Socket } from 'node:net'
import { Change, Deadline, Fail, until } from './deadline.ts'

/** So much is read ahead of what the conversation takes. */
const AHEAD = 65536

/** One stream of bytes each way; the two may be one socket. */
export class Transport {
  /** Notified when bytes have come, or the end. */
  readonly change = new Change()
  readonly #reader: Socket
  readonly #writer: Socket
  readonly #arrived: Buffer[] = []
  #waiting = 0
  #ended = false
  #failure: string | undefined

  constructor(reader: Socket, writer: Socket) {
    this.#reader = reader
    this.#writer = writer
    const end = (): void => {
      this.#ended = true
      this.change.notify()
    }
    reader.on('data', (chunk: Buffer) => {
      this.#arrived.push(chunk)
      this.#waiting += chunk.length
      if (this.#waiting >= AHEAD) reader.pause()
      this.change.notify()
    })
    reader.on('end', end).on('close', end)
    for (const socket of new Set([reader, writer])) {
      socket.on('error', (error: NodeJS.ErrnoException) => {
        this.#failure ??= error.code ?? error.message
      })
    }
    reader.resume()
  }

  /** Over a TCP connection. */
  static socket(socket: Socket): Transport {
    return new Transport(socket, socket)
  }

  /** Over a descriptor of a socket, which it owns from now on. */
  static descriptor(fd: number): Transport {
    return Transport.socket(new Socket({ fd, allowHalfOpen: true }))
  }

  /** Over the near ends of two pipes, which it owns from now on. */
  static pipes(reading: number, writing: number): Transport {
    return new Transport(reader(reading), writer(writing))
  }

  /** The other side will send no more, and all it has sent was taken. */
  get ended(): boolean {
    return this.#ended && this.#arrived.length === 0
  }

  /** Bytes that have come, undefined if there are none now. */
  take(): Buffer | undefined {
    const chunk = this.#arrived.shift()
    this.#waiting -= chunk?.length ?? 0
    if (this.#arrived.length === 0 && !this.#ended) this.#reader.resume()
    return chunk
  }

  /** The next bytes, undefined at the end. */
  async pull(deadline: Deadline): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.take()
      if (chunk !== undefined || this.#ended) return chunk
      if (deadline.passed) throw new Fail('timed out')
      await this.change.wait(deadline.left)
    }
  }

  /** True when, within so many seconds, neither a byte comes nor the end. */
  async quiet(seconds: number): Promise<boolean> {
    return !(await until(this.change, new Deadline(seconds), () => this.#ended || this.#arrived.length > 0))
  }

  /** Resolves when the system has all the bytes. */
  async push(data: Uint8Array, deadline: Deadline): Promise<void> {
    if (data.length === 0) return
    const written = new Promise<void>((resolve, reject) => {
      this.#writer.write(data, (error) => {
        if (error) reject(new Fail(`sending: ${this.#failure ?? error.message}`))
        else resolve()
      })
    })
    await deadline.within(written, 'timed out while sending')
  }

  /** Says that no more will be sent; the other direction goes on. */
  halfClose(): void {
    if (this.#writer === this.#reader) this.#writer.end()
    else this.#writer.destroy()
  }

  /** Ends a TCP connection by a reset. */
  reset(): void {
    this.#reader.resetAndDestroy()
  }

  /** Closes both directions. As the system does it, a TCP connection with bytes nobody has taken ends by a reset. */
  close(): void {
    if (this.#reader.destroyed && this.#writer.destroyed) return
    if (this.#arrived.length > 0 && this.#reader.remoteFamily?.startsWith('IPv')) this.#reader.resetAndDestroy()
    this.#reader.destroy()
    this.#writer.destroy()
  }
}

/** A stream that only reads from a pipe. */
export function reader(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: false })
}

/** A stream that only writes to a pipe. */
export function writer(fd: number): Socket {
  return new Socket({ fd, readable: false, writable: true })
}
