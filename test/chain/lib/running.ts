/** Decides how a listener is kept running while its processes are killed, by itself or under a supervisor. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { childrenOf } from './killer.ts'
import { answers, freePort, until } from './service.ts'

/** What is to be started. */
export interface Startable {
  readonly name: string
  /** Its words, to which host and port are added between those before and those behind. */
  readonly before: readonly string[]
  readonly behind: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Its working directory; under a supervisor its service directory is made there. */
  readonly home: string
  readonly supervised: boolean
  readonly host?: string
}

/** A listener. */
export class Running {
  readonly name: string
  readonly port: number
  readonly #dir: string | undefined
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  #log = ''

  private constructor(name: string, port: number, dir: string | undefined, child: ChildProcess) {
    this.name = name
    this.port = port
    this.#dir = dir
    this.#process = child
    this.#ended = new Promise((done) => child.on('close', done))
    const end = (): void => this.#end()
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    child.stderr?.on('data', (data: Buffer) => {
      this.#log += data.toString('latin1')
    })
  }

  /** Starts it and waits until it listens. */
  static async start({ name, before, behind, env, home, supervised, host }: Startable): Promise<Running> {
    const port = await freePort()
    const argv = [...before, host ?? '127.0.0.1', String(port), ...behind]
    const dir = supervised ? join(home, name) : undefined
    if (dir !== undefined) {
      mkdirSync(dir)
      writeFileSync(join(dir, 'run'), `#!/bin/sh\nexec ${argv.join(' ')}\n`)
      chmodSync(join(dir, 'run'), 0o755)
    }
    const [program = '', ...args] = dir === undefined ? argv : ['supervise', dir]
    const child = spawn(program, args, { cwd: home, stdio: ['ignore', 'ignore', 'pipe'], env })
    const running = new Running(name, port, dir, child)
    if (!(await until(() => answers(port, host)))) throw new Error(`${name} does not listen: ${running.log}`)
    return running
  }

  /** What has come on descriptor 2 of all its processes. */
  get log(): string {
    return this.#log
  }

  /** The listener, and the supervisor if there is one: what is there while nobody connects. */
  roots(): readonly number[] {
    return [...new Set([this.#pid, ...this.listener()])]
  }

  /** The pid of the listener; none while there is none. */
  listener(): readonly number[] {
    return this.#dir === undefined ? [this.#pid] : childrenOf(this.#pid).slice(0, 1)
  }

  get #pid(): number {
    const { pid } = this.#process
    if (pid === undefined) throw new Error(`${this.name} was never started`)
    return pid
  }

  /** Ends it, and waits until nobody holds its descriptor 2 any more. */
  async stop(): Promise<void> {
    this.#end()
    await this.#ended
  }

  #end(): void {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    if (this.#dir === undefined) this.#process.kill('SIGTERM')
    else spawnSync('svc', ['-dx', this.#dir])
  }
}
