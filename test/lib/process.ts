/** Decides what a program under test starts with, and how it is followed to its end. */
import { readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { Environment, errorText, type Status, spawn, statusOf, sys } from '@moreqmail/unix'
import { Change, type Deadline, Fail } from './deadline.ts'
import { reader, writer } from './transport.ts'

/** The soft limit of descriptors a program starts with: Node has raised its own. */
const DESCRIPTORS = 1024

/** Milliseconds between two looks at whether a program has ended: at first, and at most. */
const SOON = 1
const LATER = 16

export interface Start {
  /** Byte strings; the program is looked up on the PATH of `env`. */
  readonly argv: readonly string[]
  /** The whole environment, byte strings NAME=VALUE. */
  readonly env: readonly string[]
  readonly cwd: string
  readonly umask: number
  /** [number in the program, our descriptor]; it has no others. */
  readonly fds: ReadonlyArray<readonly [number, number]>
}

/** A program that was started in a session of its own. */
export class Running {
  readonly pid: number
  #status: Status | undefined
  #over = false

  private constructor(pid: number) {
    this.pid = pid
  }

  /** Starts it, with PIPE and XFSZ not ignored; throws if that can't be done. */
  static start(start: Start): Running {
    const pid = withSurroundings(start, () =>
      spawn(start.argv, { env: new Environment(start.env), fds: start.fds, session: true }),
    )
    if (pid < 0) throw new Fail(`cannot run ${start.argv[0]}: ${errorText(pid)}`)
    return new Running(pid)
  }

  /** How it has ended, undefined while it runs. */
  get status(): Status | undefined {
    if (this.#status !== undefined) return this.#status
    const raw = new Int32Array(1)
    if (sys.waitpid(this.pid, 1, raw) === this.pid) this.#status = statusOf(raw[0] ?? 0)
    return this.#status
  }

  /** Its status at its end, undefined if the time is up before (be it only that nobody has looked in time). */
  async wait(deadline: Deadline): Promise<Status | undefined> {
    for (let pause = SOON; !deadline.passed; pause = Math.min(LATER, pause * 2)) {
      if (this.status !== undefined) return this.status
      await delay(Math.min(pause, deadline.left))
    }
    return undefined
  }

  /** Sends a signal, by name without SIG; nothing happens after its end. */
  signal(name: string): void {
    const number = constants.signals[`SIG${name}` as NodeJS.Signals]
    if (number === undefined) throw new Fail(`no signal is called ${name}`)
    if (this.status === undefined) sys.kill(this.pid, number)
  }

  /** Kills it and all that is left of its process group. */
  killAll(): void {
    if (this.#over) return
    this.#over = true
    sys.kill(-this.pid, constants.signals.SIGKILL)
    if (this.#status !== undefined) return
    const raw = new Int32Array(1)
    if (sys.waitpid(this.pid, 0, raw) === this.pid) this.#status = statusOf(raw[0] ?? 0)
  }
}

/** Calls with the working directory, mask and limits that the program is to inherit. */
function withSurroundings(start: Start, call: () => number): number {
  sys.inheritable(new Int32Array(0))
  for (const name of readdirSync('/dev/fd')) if (Number(name) > 2) sys.keep(Number(name), 0)
  const here = process.cwd()
  const errno = sys.chdir(start.cwd)
  if (errno < 0) throw new Fail(`unable to change to ${start.cwd}: ${errorText(errno)}`)
  const mask = sys.umask(start.umask)
  const limit = sys.nofile(DESCRIPTORS)
  try {
    return call()
  } finally {
    sys.nofile(limit)
    sys.umask(mask)
    sys.chdir(here)
  }
}

/** A new pipe: [reading end, writing end]. */
export function pipe(): readonly [number, number] {
  return made(sys.pipe())
}

/** The two ends of a new socket pair. */
export function socketPair(): readonly [number, number] {
  return made(sys.socketpair())
}

/** The two ends of a TCP connection: [the side that has accepted, the side that has called]. */
export function tcpPair(): readonly [number, number] {
  const listener = descriptor(sys.socket(4, 0))
  try {
    descriptor(sys.bind(listener, '127.0.0.1', 0))
    descriptor(sys.listen(listener, 1))
    const caller = descriptor(sys.socket(4, 0))
    descriptor(sys.connect(caller, ...made(sys.sockname(listener, 0))))
    return [descriptor(sys.accept(listener)), caller]
  } finally {
    sys.close(listener)
  }
}

function made<T>(result: T | number): T {
  if (typeof result === 'number') throw new Error(errorText(result))
  return result
}

function descriptor(result: number): number {
  if (result < 0) throw new Error(errorText(result))
  return result
}

/** All that comes out of a descriptor, which it owns. */
export class Output {
  /** Notified whenever more has come. */
  readonly change = new Change()
  readonly #socket: Socket
  #text = ''
  #ended = false

  constructor(fd: number) {
    this.#socket = reader(fd)
    this.#socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      this.change.notify()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#ended = true
      this.change.notify()
    })
  }

  /** What has come so far, as a byte string. */
  get text(): string {
    return this.#text
  }

  get ended(): boolean {
    return this.#ended
  }

  close(): void {
    this.#socket.destroy()
  }
}

/**
 * Writes bytes into a descriptor, which it owns, and closes it. A reader that goes away is none of its business. What it
 * returns ends it before all is written.
 */
export function feed(fd: number, data: Buffer): { close(): void } {
  const socket = writer(fd)
  socket.on('error', () => {})
  socket.end(data, () => socket.destroy())
  return { close: () => socket.destroy() }
}
