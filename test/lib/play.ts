/** Decides how one case is played: what the program is given, who talks to it, and what is looked at afterwards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sys } from '@moreqmail/unix'
import { raw, rawText, shown } from './bytes.ts'
import { callAll } from './caller.ts'
import type { Case } from './case.ts'
import { Conversation, type Stage, type TlsPair } from './conversation.ts'
import { Change, Deadline, soon, until } from './deadline.ts'
import { differences } from './expect.ts'
import { putFiles } from './files.ts'
import { NameServer } from './name-server.ts'
import { search } from './pattern.ts'
import { type Places, placesOf } from './places.ts'
import { feed, Output, pipe, Running, socketPair, tcpPair } from './process.ts'
import { ScriptedServer } from './servers.ts'
import { Transport } from './transport.ts'

const DEFAULT_TIMEOUT = 10

/** Where programs are looked up after the executables' own directory. */
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

/** How long, after the program's end, its output and the servers may take to end: milliseconds. */
const AFTERMATH = 2000

/** Where the listeners of cases are, below the ports that the system gives away by itself. */
const FIRST_PORT = 20000
const PORTS = 10000

export interface Setting {
  /** The directory of the executables, absolute. */
  readonly bin: string
  /** The directory with keys and certificates, absolute. */
  readonly tls: string
  /** Variables added to the environment of every case. */
  readonly env?: Readonly<Record<string, string>>
}

/** Plays a case: why it fails, a reason each; none if it passes. */
export async function play(test: Case, setting: Setting): Promise<string[]> {
  const run = new Run(test, setting)
  try {
    return await run.play()
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  } finally {
    run.close()
  }
}

/** The case can only be played by root, and we are not. */
export function lacksRoot(test: Case): boolean {
  return test.root === true && sys.getuid() !== 0
}

/** The descriptors of a program under test while they are put together. */
interface Wiring {
  /** Number in the program, our descriptor. */
  readonly fds: Map<number, number>
  readonly outputs: Map<number, Output>
  readonly feeds: Array<readonly [number, Buffer]>
  readonly dialog: Transport | undefined
  readonly tls: TlsPair | undefined
}

/** One run of a case, with everything that has to be undone after it. */
class Run {
  readonly #test: Case
  readonly #setting: Setting
  readonly #deadline: Deadline
  readonly #home = mkdtempSync(join(tmpdir(), 'case-'))
  readonly #servers = new Map<string, ScriptedServer>()
  /** Closed in the end, whatever happens. */
  readonly #open: Array<{ close(): void }> = []
  #program: Running | undefined

  constructor(test: Case, setting: Setting) {
    this.#test = test
    this.#setting = setting
    this.#deadline = new Deadline(test.timeout ?? DEFAULT_TIMEOUT)
  }

  async play(): Promise<string[]> {
    const { places, port } = await this.#prepare()
    const wiring = this.#wire(places)
    const program = this.#start(places, wiring)
    const stage = this.#stage(places, program, wiring.outputs.get(2))
    const plays = [...this.#servers.values()].map((server) => server.play(stage))
    const why = await this.#talk(stage, port, wiring)
    wiring.dialog?.close()
    wiring.tls?.control.close()
    wiring.tls?.data.close()
    const status = await program.wait(this.#deadline)
    if (status === undefined) why.push(`still running after ${this.#test.timeout ?? DEFAULT_TIMEOUT}s`)
    program.killAll()
    await Promise.all([...wiring.outputs.values()].map((output) => ended(output)))
    await soon(Promise.all(plays), Math.min(AFTERMATH, this.#deadline.left), undefined)
    for (const [name, server] of this.#servers)
      if (server.complaint !== undefined) why.push(`server ${name}: ${server.complaint}`)
    const text = (fd: number): string => wiring.outputs.get(fd)?.text ?? ''
    why.push(...differences(this.#test.expect ?? {}, { status, stdout: text(1), stderr: text(2) }, places))
    if (why.length > 0 && text(2) !== '' && !why.some((reason) => reason.includes('stderr')))
      why.push(`stderr was ${shown(text(2).slice(-300))}`)
    return why
  }

  close(): void {
    this.#program?.killAll()
    for (const each of this.#open) each.close()
    rmSync(this.#home, { recursive: true, force: true })
  }

  #closing<T extends { close(): void }>(thing: T): T {
    this.#open.push(thing)
    return thing
  }

  /** Starts servers, then names the places, then makes the files. */
  async #prepare(): Promise<{ places: Places; port: number }> {
    const { servers = {}, dns, channel, files = {} } = this.#test
    for (const [name, spec] of Object.entries(servers))
      this.#servers.set(name, this.#closing(await ScriptedServer.start(spec)))
    const nameServer = dns && this.#closing(await NameServer.start(dns))
    const port = channel === 'connect' ? await freePort() : 0
    const ports = new Map([...this.#servers].map(([name, server]) => [name, server.port]))
    if (port !== 0) ports.set('self', port)
    const places = placesOf({
      home: this.#home,
      bin: this.#setting.bin,
      tls: this.#setting.tls,
      uid: sys.getuid(),
      gid: sys.getgid(),
      ppid: process.pid,
      dns: nameServer && `127.0.0.1:${nameServer.port}`,
      ports,
    })
    putFiles(files, places)
    return { places, port }
  }

  #environment(places: Places): string[] {
    const { dns, env = {}, ucspitls } = this.#test
    const all = new Map<string, string>()
    if (dns) all.set('DNSCACHEIP', places.fill('{DNS}'))
    for (const [name, value] of Object.entries(env)) all.set(name, rawText(places.fill(value)))
    all.set('PATH', `${this.#setting.bin}:${all.get('PATH') ?? DEFAULT_PATH}`)
    all.set('QMAILHOME', this.#home)
    if (ucspitls) for (const [name, fd] of TLS_DESCRIPTORS) all.set(name, String(fd))
    for (const [name, value] of Object.entries(this.#setting.env ?? {})) all.set(name, value)
    return [...all].map(([name, value]) => `${name}=${value}`)
  }

  #wire(places: Places): Wiring {
    const { dialog, channel, socket, ucspitls, stdin, fds: others = {} } = this.#test
    const fds = new Map<number, number>()
    const outputs = new Map<number, Output>()
    const feeds: Array<readonly [number, Buffer]> = []
    const [input, output] = channel === 'client' ? [6, 7] : [0, 1]
    const talk = dialog && this.#closing(socket ? this.#connect(fds, input, output) : this.#pipes(fds, input, output))
    const tls = ucspitls ? this.#control(fds) : undefined
    for (const [number, content] of Object.entries({ ...(stdin === undefined ? {} : { 0: stdin }), ...others })) {
      const [near, far] = pipe()
      fds.set(Number(number), near)
      feeds.push([far, raw(places.fill(content))])
    }
    for (const number of [1, 2]) {
      if (fds.has(number)) continue
      const [near, far] = pipe()
      fds.set(number, far)
      outputs.set(number, this.#closing(new Output(near)))
    }
    if (!fds.has(0)) fds.set(0, sys.open('/dev/null', 0, 0))
    return { fds, outputs, feeds, dialog: talk, tls }
  }

  #connect(fds: Map<number, number>, input: number, output: number): Transport {
    const [ours, theirs] = tcpPair()
    fds.set(input, theirs).set(output, theirs)
    return Transport.descriptor(ours)
  }

  #pipes(fds: Map<number, number>, input: number, output: number): Transport {
    const [theirIn, ourOut] = pipe()
    const [ourIn, theirOut] = pipe()
    fds.set(input, theirIn).set(output, theirOut)
    return Transport.pipes(ourIn, ourOut)
  }

  #control(fds: Map<number, number>): TlsPair {
    const [ours, theirs] = socketPair()
    fds.set(TLS_DESCRIPTORS.get('SSLCTLFD') ?? -1, theirs)
    const [input, output] = [TLS_DESCRIPTORS.get('SSLREADFD') ?? -1, TLS_DESCRIPTORS.get('SSLWRITEFD') ?? -1]
    return {
      control: this.#closing(Transport.descriptor(ours)),
      data: this.#closing(this.#pipes(fds, input, output)),
    }
  }

  /** Starts the program; its ends of the descriptors are closed here, whether it works or not. */
  #start(places: Places, wiring: Wiring): Running {
    const { argv, cwd = '.', umask = '022' } = this.#test
    try {
      this.#program = Running.start({
        argv: argv.map((word) => rawText(places.fill(word))),
        env: this.#environment(places),
        cwd: join(this.#home, cwd),
        umask: Number.parseInt(umask, 8),
        fds: [...wiring.fds],
      })
    } finally {
      for (const fd of new Set(wiring.fds.values())) sys.close(fd)
      for (const [fd, data] of wiring.feeds) this.#open.push(feed(fd, data))
    }
    return this.#program
  }

  #stage(places: Places, program: Running, stderr: Output | undefined): Stage {
    const change = stderr?.change ?? new Change()
    return {
      places,
      deadline: this.#deadline,
      put: (files) => putFiles(files, places),
      signal: (name) => program.signal(name),
      stderrLike: (pattern) => until(change, this.#deadline, () => search(pattern, stderr?.text ?? '')),
    }
  }

  /** All conversations with the program. What has gone wrong, a reason each. */
  async #talk(stage: Stage, port: number, wiring: Wiring): Promise<string[]> {
    const { dialog = [], channel, stop = 'TERM', until: last } = this.#test
    const program = this.#program
    const why: string[] = []
    if (wiring.dialog !== undefined) {
      const conversation = new Conversation(wiring.dialog, stage, wiring.tls)
      await conversation.play(dialog).catch((error: Error) => why.push(error.message))
      conversation.close()
    }
    if (channel !== 'connect' || program === undefined) return why
    why.push(...(await callAll(this.#test, port, program, stage)))
    if (last !== undefined) {
      const like = (): boolean => search(stage.places.fill(last), wiring.outputs.get(2)?.text ?? '')
      const change = wiring.outputs.get(2)?.change ?? new Change()
      const came = await until(change, this.#deadline, () => like() || wiring.outputs.get(2)?.ended !== false)
      if (!came || !like()) why.push(`stderr never was like ${shown(last)}`)
    }
    if (stop !== 'none') program.signal(stop)
    return why
  }
}

/** What the program is told of the descriptors for TLS. */
const TLS_DESCRIPTORS: ReadonlyMap<string, number> = new Map([
  ['SSLCTLFD', 20],
  ['SSLREADFD', 21],
  ['SSLWRITEFD', 22],
])

/** Waits until an output has ended, but not for programs that have left the session with it. */
async function ended(output: Output): Promise<void> {
  await until(output.change, new Deadline(AFTERMATH / 1000), () => output.ended)
}

/** A port for a listener: not one that another connection could get meanwhile. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    if (!taken.has(port) && (await isFree(port))) {
      taken.add(port)
      return port
    }
  }
}

const taken = new Set<number>()

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
