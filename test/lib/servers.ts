/** Decides how the servers of a case take their connections: one dialog each, in order, then no more. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { ServerSpec } from './case.ts'
import { Conversation, type Stage } from './conversation.ts'
import { Change, Fail, until } from './deadline.ts'
import { Transport } from './transport.ts'

const BACKLOG = 16

export class ScriptedServer {
  readonly port: number
  readonly #server: Server
  readonly #spec: ServerSpec
  /** Connections whose dialog has not begun. */
  readonly #waiting: Socket[] = []
  readonly #change = new Change()
  #current: Conversation | undefined
  #done = 0
  #open = true
  #failure: string | undefined

  private constructor(server: Server, spec: ServerSpec) {
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#spec = spec
    server.on('connection', (socket) => {
      socket.on('error', () => {})
      this.#waiting.push(socket)
      this.#change.notify()
    })
  }

  /** Listens; connections are taken but wait until `play`. */
  static async start(spec: ServerSpec): Promise<ScriptedServer> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    server.listen({ host: spec.listen, port: spec.port ?? 0, backlog: BACKLOG })
    await once(server, 'listening')
    return new ScriptedServer(server, spec)
  }

  /** Plays all dialogs, then refuses connections. */
  async play(stage: Stage): Promise<void> {
    try {
      for (const steps of this.#spec.dialogs) {
        await until(this.#change, stage.deadline, () => this.#waiting.length > 0 || !this.#open)
        const socket = this.#waiting.shift()
        if (socket === undefined) throw new Fail(`connection ${this.#done + 1} never came`)
        this.#current = new Conversation(Transport.socket(socket), stage)
        await this.#current.play(steps)
        this.#current.close()
        this.#done++
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error)
    } finally {
      this.close()
    }
  }

  /** What has gone wrong so far: nothing only if all dialogs were played. */
  get complaint(): string | undefined {
    const count = this.#spec.dialogs.length
    return this.#failure ?? (this.#done < count ? `${this.#done} of ${count} conversations` : undefined)
  }

  /** Ends what goes on; connections that wait are reset. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#current?.close()
    this.#server.close()
    for (const socket of this.#waiting.splice(0)) socket.resetAndDestroy()
    this.#change.notify()
  }
}
