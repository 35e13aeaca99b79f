/** Decides how the servers of a case take their connections: one dialog each, in order, then no more. */
import { once } from 'node:events'
import { type AddressInfo, createServer, isIPv6, type Socket } from 'node:net'
import { sys } from '@moreqmail/unix'
import type { ServerSpec } from './case.ts'
import { Conversation, type Stage } from './conversation.ts'
import { Change, Fail, until } from './deadline.ts'
import { Transport } from './transport.ts'

const BACKLOG = 16

/** A port that can be closed. */
interface Port {
  readonly port: number
  close(): void
}

/** A port of nobody else on which nobody listens: connections are refused. */
function deaf({ listen, port = 0 }: ServerSpec): Port {
  const fd = sys.socket(isIPv6(listen) ? 6 : 4, 0)
  const bound = fd < 0 ? fd : sys.bind(fd, listen, port)
  const name = bound < 0 ? bound : sys.sockname(fd, 0)
  if (typeof name === 'number') throw new Error(`no port at ${listen}: errno ${-name}`)
  return { port: name[1], close: () => void sys.close(fd) }
}

export class ScriptedServer {
  readonly port: number
  readonly #place: Port
  readonly #spec: ServerSpec
  /** Connections whose dialog has not begun. */
  readonly #waiting: Socket[] = []
  readonly #change = new Change()
  #current: Conversation | undefined
  #done = 0
  #open = true
  #failure: string | undefined

  private constructor(place: Port, spec: ServerSpec) {
    this.port = place.port
    this.#place = place
    this.#spec = spec
  }

  /** Listens, if there are dialogs; connections are taken but wait until `play`. */
  static async start(spec: ServerSpec): Promise<ScriptedServer> {
    if (spec.dialogs.length === 0) return new ScriptedServer(deaf(spec), spec)
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    server.listen({ host: spec.listen, port: spec.port ?? 0, backlog: BACKLOG })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const scripted = new ScriptedServer({ port, close: () => server.close() }, spec)
    server.on('connection', (socket) => scripted.#take(socket))
    return scripted
  }

  #take(socket: Socket): void {
    socket.on('error', () => {})
    this.#waiting.push(socket)
    this.#change.notify()
  }

  /** Plays all dialogs, then refuses connections. */
  async play(stage: Stage): Promise<void> {
    // The port is kept until the program has ended.
    if (this.#spec.dialogs.length === 0) return
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
    this.#place.close()
    for (const socket of this.#waiting.splice(0)) socket.resetAndDestroy()
    this.#change.notify()
  }
}
