/** Decides how a service directory is tried out: copied, with settings of the test, under a real supervisor. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type Supervisor = 'daemontools' | 's6'

/** The directory of the programs under test. */
export const BIN: string = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')

/** The programs that a service needs of its supervisor. */
export const TOOLS: Readonly<Record<Supervisor, readonly string[]>> = {
  daemontools: ['svscan', 'supervise', 'svc', 'envdir', 'softlimit', 'setuidgid', 'multilog'],
  s6: ['s6-svscan', 's6-svscanctl', 's6-svc', 's6-svwait', 's6-envdir', 's6-softlimit', 's6-setuidgid', 's6-log'],
}

/** Service directories in the repository. */
const SOURCES: Readonly<Record<Supervisor, string>> = { daemontools: 'run', s6: 'run/s6' }

/** Why a test of these programs can't be run here: `needs ...`; false if it can. */
export function lack(programs: readonly string[], root: 'as root' | 'as anybody'): string | false {
  const path = [BIN, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  const missing = programs.filter((name) => !path.some((dir) => existsSync(join(dir, name))))
  const needs = [...missing, ...(root === 'as root' && process.getuid?.() !== 0 ? ['root'] : [])]
  return needs.length > 0 && `needs ${needs.join(', ')}`
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** True if somebody listens there. */
export function answers(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, host)
    socket.on('connect', () => socket.destroy())
    socket.on('error', () => undefined)
    socket.on('close', (failed) => done(!failed))
  })
}

/** Waits until it is so, for ten seconds at most. True if it is. */
export async function until(so: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const start = Date.now(); Date.now() - start < 10_000; await delay(20)) if (await so()) return true
  return false
}

/** The processes whose environment or command line has this text. */
export function processesWith(text: string): readonly number[] {
  const has = (pid: string): boolean =>
    ['environ', 'cmdline'].some((name) => {
      try {
        return readFileSync(`/proc/${pid}/${name}`, 'latin1').includes(text)
      } catch {
        return false
      }
    })
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && has(name))
    .map(Number)
}

/** Has it done when the test ends, in whatever way. */
function atExit(end: () => void): void {
  process.once('exit', end)
}

/** A service of the repository that runs under a supervisor. */
export class Service {
  readonly #supervisor: Supervisor
  readonly #scan: string
  readonly #dir: string
  readonly #logDir: string
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(supervisor: Supervisor, scan: string, dir: string, logDir: string, child: ChildProcess) {
    this.#supervisor = supervisor
    this.#scan = scan
    this.#dir = dir
    this.#logDir = logDir
    this.#process = child
    this.#ended = new Promise((done) => child.on('exit', done))
    atExit(() => this.#end())
  }

  /**
   * Starts a copy of a service directory, below `home`, which must exist; `settings` are files of its env/. Its log is
   * written by the user `logUser`.
   */
  static start(
    supervisor: Supervisor,
    name: string,
    home: string,
    logUser: { readonly name: string; readonly uid: number },
    settings: Readonly<Record<string, string>>,
  ): Service {
    const scan = join(home, 'service')
    const dir = join(scan, name)
    const logDir = join(home, 'log')
    mkdirSync(scan)
    mkdirSync(logDir)
    spawnSync('chown', [String(logUser.uid), logDir])
    cpSync(join(SOURCES[supervisor], name), dir, { recursive: true })
    const all = { ...settings, QMAILHOME: home, LOGUSER: logUser.name, LOGDIR: logDir }
    for (const [variable, value] of Object.entries(all)) writeFileSync(join(dir, 'env', variable), `${value}\n`)
    const program = supervisor === 's6' ? 's6-svscan' : 'svscan'
    const child = spawn(program, [scan], { stdio: ['ignore', 'ignore', 'inherit'] })
    return new Service(supervisor, scan, dir, logDir, child)
  }

  /** What the log has so far. */
  get log(): string {
    const current = join(this.#logDir, 'current')
    return existsSync(current) ? readFileSync(current, 'latin1') : ''
  }

  /** True if the supervisor has been told that the service is ready; where it can't be told, if it is up. */
  ready(): boolean {
    if (this.#supervisor === 's6') return spawnSync('s6-svwait', ['-U', '-t', '10000', this.#dir]).status === 0
    return spawnSync('svok', [this.#dir]).status === 0
  }

  /** Asks the supervisor to take the service down, or up. */
  want(state: 'down' | 'up'): void {
    const option = state === 'down' ? '-d' : '-u'
    spawnSync(this.#supervisor === 's6' ? 's6-svc' : 'svc', [option, this.#dir])
  }

  /** Ends the service, its log and the supervisor. */
  async stop(): Promise<void> {
    this.#end()
    await this.#ended
  }

  #end(): void {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    if (this.#supervisor === 's6') spawnSync('s6-svscanctl', ['-t', this.#scan])
    else {
      this.#process.kill('SIGTERM')
      spawnSync('svc', ['-dx', this.#dir, join(this.#dir, 'log')])
    }
  }
}

/** A listener without a supervisor: tcpserver or a like, told to listen on 127.0.0.1. */
export class Listener {
  readonly port: number
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  #log = ''

  private constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#process = child
    this.#ended = new Promise((done) => child.on('close', done))
    atExit(() => child.kill('SIGTERM'))
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => {
        this.#log += data.toString('latin1')
      })
  }

  /** Starts it and waits until it listens; `argv` has the words before host and port and those behind. */
  static async start(
    before: readonly string[],
    behind: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Listener> {
    const port = await freePort()
    return await Listener.#run([...before, '127.0.0.1', String(port), ...behind], port, env)
  }

  /** Starts it by a script for sh, in which `$PORT` is the port. */
  static async script(text: string, env: Readonly<Record<string, string>>): Promise<Listener> {
    const port = await freePort()
    return await Listener.#run(['sh', '-c', text], port, { ...env, PORT: String(port) })
  }

  static async #run(argv: readonly string[], port: number, env: Readonly<Record<string, string>>): Promise<Listener> {
    const [program = '', ...args] = argv
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    const listener = new Listener(port, child)
    if (!(await until(() => answers(port)))) throw new Error(`${program} does not listen: ${listener.log}`)
    return listener
  }

  /** The pid of the listener. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** What has come on its descriptors 1 and 2, and on those of its children. */
  get log(): string {
    return this.#log
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#ended
  }
}
