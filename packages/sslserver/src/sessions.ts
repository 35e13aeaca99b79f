/** The listener's part in its connections: it starts TLS for each whose program asks for it. */
import {
  type Assignment,
  type Channels,
  closeEnds,
  decisionLine,
  type Ends,
  lendPassword,
  spawnTls,
  standByForTls,
  takeCommand,
  tlsEnvironment,
  UNKNOWN_COMMAND,
} from '@moreqmail/tls'
import { type Besides, complained, type Verbosity, warned } from '@moreqmail/ucspi'
import { latin1, NUL, note, POLLIN, ready, sys } from '@moreqmail/unix'
import type { TlsSettings } from './options.ts'

/** A connection whose program has not asked yet. */
interface Waiting {
  readonly pid: number
  readonly ip: string
  readonly socket: number
  readonly far: Channels['far']
  /** The client's host; undefined: it is yet to be told. */
  host: string | undefined
}

const LONGEST_HOST = 1024

export class Sessions implements Besides {
  readonly #settings: TlsSettings
  readonly #verbosity: Verbosity
  readonly #password: Uint8Array | undefined
  readonly #env = tlsEnvironment()
  /** By control descriptor. */
  readonly #waiting = new Map<number, Waiting>()
  /** Programs' pids by those of the processes that do TLS for them. */
  readonly #running = new Map<number, number>()

  constructor(settings: TlsSettings, verbosity: Verbosity, password: Uint8Array | undefined) {
    this.#settings = settings
    this.#verbosity = verbosity
    this.#password = password
  }

  /** A program has a connection from this address; the ends are closed here when they are no longer needed. */
  add(pid: number, ip: string, socket: number, far: Channels['far']): void {
    this.#waiting.set(far.report, { pid, ip, socket, far, host: this.#settings.matchHost ? undefined : '' })
  }

  watched(): readonly number[] {
    return [...this.#waiting.keys()]
  }

  heed(control: number): void {
    const waiting = this.#waiting.get(control)
    if (waiting === undefined) return
    if (waiting.host === undefined) {
      waiting.host = takeHost(control)
      return
    }
    const command = takeCommand(control)
    const assignment = this.#assignmentFor(waiting)
    const line = this.#settings.delayed ? decisionLine(assignment, command, waiting.pid) : undefined
    if (line !== undefined) note(line)
    if (command === 'unknown') complained(this.#verbosity, `fatal: ${UNKNOWN_COMMAND}`)
    else if (command !== 'none') this.#start({ ...assignment, report: command === 'report' }, waiting)
    closeEnds(waiting.far)
    sys.close(waiting.socket)
    this.#waiting.delete(control)
  }

  ended(child: number): number | undefined {
    const pid = this.#running.get(child)
    this.#running.delete(child)
    return pid
  }

  lasts(pid: number): boolean {
    return [...this.#running.values()].includes(pid)
  }

  /** Whoever has not asked yet gets a process of its own to ask; not if the name to be checked isn't known yet. */
  leave(): void {
    for (const [control, waiting] of this.#waiting) {
      if (waiting.host === undefined && ready(control, POLLIN, 0)) waiting.host = takeHost(control)
      if (waiting.host === undefined) continue
      this.#lend(waiting, (ends) => standByForTls(this.#assignmentFor(waiting), ends, waiting.pid, this.#env))
    }
  }

  #assignmentFor({ pid, ip, host }: Waiting): Assignment {
    const { assignment, matchHost } = this.#settings
    return { ...assignment, pid, ip, clientHost: matchHost ? host : undefined }
  }

  #start(assignment: Assignment, waiting: Waiting): void {
    const child = this.#lend(waiting, (ends) => spawnTls(assignment, ends, this.#env))
    if (child > 0) this.#running.set(child, waiting.pid)
    else warned(this.#verbosity, 'dropping connection, unable to start TLS', child)
  }

  #lend({ socket, far }: Waiting, use: (ends: Ends) => number): number {
    const password = this.#password && lendPassword(this.#password)
    if (password !== undefined && password < 0) return password
    const result = use({ netIn: socket, netOut: socket, ...far, ...(password === undefined ? {} : { password }) })
    if (password !== undefined) sys.close(password)
    return result
  }
}

/** The name that is written in one go, with a NUL behind it, before any command. */
function takeHost(control: number): string {
  const bytes = new Uint8Array(LONGEST_HOST)
  let end = 0
  while (end < bytes.length && sys.read(control, bytes, end, 1) > 0 && bytes[end] !== NUL) end++
  return latin1(bytes, 0, end)
}
