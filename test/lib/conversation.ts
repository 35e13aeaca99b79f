/** Decides how the steps of a dialog are played on one connection. */
import { setTimeout as delay } from 'node:timers/promises'
import { raw, shown } from './bytes.ts'
import type { FileSet, Step, Steps } from './case.ts'
import { type Deadline, Fail } from './deadline.ts'
import { matchesWhole } from './pattern.ts'
import type { Places } from './places.ts'
import { type Role, Tls } from './tls.ts'
import type { Transport } from './transport.ts'

/** What a conversation can do to the run around it. */
export interface Stage {
  readonly places: Places
  readonly deadline: Deadline
  /** Writes files below the home. */
  put(files: FileSet): void
  /** Sends a signal, by name without SIG, to the program. */
  signal(name: string): void
  /** Resolves once stderr is like the pattern, false when that can't be any more. */
  stderrLike(pattern: string): Promise<boolean>
}

/** What the program is given for TLS: the control channel, and the pair to go on with. */
export interface TlsPair {
  readonly control: Transport
  readonly data: Transport
}

/** One end of a conversation. */
export class Conversation {
  readonly #stage: Stage
  #transport: Transport
  readonly #pair: TlsPair | undefined
  #tls: Tls | undefined
  #buffer: Buffer = Buffer.alloc(0)
  #ended = false

  constructor(transport: Transport, stage: Stage, pair?: TlsPair) {
    this.#transport = transport
    this.#stage = stage
    this.#pair = pair
  }

  /** Plays the steps; fails at the first that goes wrong. */
  async play(steps: Steps): Promise<void> {
    for (const [i, step] of steps.entries()) {
      try {
        await this.#step(step)
      } catch (error) {
        if (error instanceof Fail) throw new Fail(`step ${i + 1}: ${error.message}`)
        throw error
      }
    }
  }

  close(): void {
    this.#tls?.close()
    this.#transport.close()
  }

  async #step(step: Step): Promise<void> {
    const { places, deadline } = this.#stage
    if (step.send !== undefined) return this.#send(raw(places.fill(step.send)))
    if (step.expect !== undefined) return this.#exact(raw(places.fill(step.expect)))
    if (step.expect_re !== undefined) return this.#lineLike(places.fill(step.expect_re))
    if (step.expect_reply !== undefined) return this.#reply(step.expect_reply)
    if (step.starttls !== undefined) return this.#switch(step.starttls, step.vars ?? {})
    if (step.eof !== undefined) return this.#atEnd(step.eof)
    if (step.tls_client !== undefined) return this.#secure('client', step.tls_client)
    if (step.tls_server !== undefined) return this.#secure('server', step.tls_server)
    if (step.close_notify !== undefined) return this.#closeNotify()
    if (step.half_close !== undefined) return this.#transport.halfClose()
    if (step.reset !== undefined) return this.#transport.reset()
    if (step.quiet !== undefined) return this.#silence(step.quiet)
    if (step.count !== undefined) return this.#skip(step.count)
    if (step.fill !== undefined) return this.#send(Buffer.alloc(step.fill - (step.fill % 10), '0123456789'))
    if (step.wait_stderr !== undefined) return this.#stderr(places.fill(step.wait_stderr))
    if (step.signal !== undefined) return this.#stage.signal(step.signal)
    if (step.files !== undefined) return this.#stage.put(step.files)
    if (step.close !== undefined) return this.close()
    if (step.sleep !== undefined) return delay(Math.min(step.sleep * 1000, deadline.left))
    throw new Fail(`unknown step ${JSON.stringify(step)}`)
  }

  async #send(data: Buffer): Promise<void> {
    if (this.#tls) await this.#tls.send(data)
    else await this.#transport.push(data, this.#stage.deadline)
  }

  /** Adds what comes next to the buffer, or notes the end. */
  async #more(): Promise<void> {
    try {
      const chunk = await (this.#tls ? this.#tls.pull() : this.#transport.pull(this.#stage.deadline))
      if (chunk === undefined) this.#ended = true
      else this.#buffer = Buffer.concat([this.#buffer, chunk])
    } catch (error) {
      if (error instanceof Fail && error.message === 'timed out')
        throw new Fail(`timed out; so far ${shown(this.#buffer.subarray(-300))}`)
      throw error
    }
  }

  #consume(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }

  async #exact(want: Buffer): Promise<void> {
    const agrees = (): boolean => want.subarray(0, this.#buffer.length).equals(this.#buffer.subarray(0, want.length))
    while (this.#buffer.length < want.length && agrees() && !this.#ended) await this.#more()
    if (this.#buffer.length < want.length || !agrees())
      throw new Fail(`wanted ${shown(want)}, got ${shown(this.#buffer.subarray(0, want.length + 200))}`)
    this.#consume(want.length)
  }

  /** The next line without its LF or CR LF. */
  async #line(): Promise<string> {
    for (let searched = 0; ; ) {
      const at = this.#buffer.indexOf(10, searched)
      if (at >= 0)
        return this.#consume(at + 1)
          .toString('latin1', 0, at)
          .replace(/\r$/, '')
      searched = this.#buffer.length
      await this.#more()
      if (this.#ended) throw new Fail(`end of file, wanted a line; had ${shown(this.#buffer)}`)
    }
  }

  async #lineLike(pattern: string): Promise<void> {
    const line = await this.#line()
    if (!matchesWhole(pattern, line)) throw new Fail(`wanted a line like ${shown(pattern)}, got ${shown(line)}`)
  }

  async #reply(code: string): Promise<void> {
    for (;;) {
      const line = await this.#line()
      if (!line.startsWith(code)) throw new Fail(`wanted reply ${code}, got ${shown(line)}`)
      if (line.charAt(3) !== '-') return
    }
  }

  /** The program asks for TLS on the control channel; from then on the conversation is on the other pair. */
  async #switch(byte: string, variables: Readonly<Record<string, string>>): Promise<void> {
    if (this.#pair === undefined) throw new Fail('the case has no control channel')
    const control = new Conversation(this.#pair.control, this.#stage)
    await control.#exact(raw(byte))
    this.#refuseLeftover()
    if (byte === 'Y') {
      const list = Object.entries(variables).map(([name, value]) => `${name}=${value}\0`)
      await control.#send(raw(`${list.join('')}\0`))
    }
    this.#transport = this.#pair.data
    this.#ended = false
  }

  #refuseLeftover(): void {
    if (this.#buffer.length > 0) throw new Fail(`unread plaintext before TLS: ${shown(this.#buffer)}`)
  }

  async #atEnd(how: true | 'close_notify' | 'cut'): Promise<void> {
    while (!this.#ended && this.#buffer.length === 0) await this.#more()
    if (this.#buffer.length > 0) throw new Fail(`wanted end of file, got ${shown(this.#buffer)}`)
    if (how !== true && this.#tls?.end !== how)
      throw new Fail(`the stream ended with ${this.#tls?.end ?? 'no TLS'}, wanted ${how}`)
  }

  async #secure(role: Role, step: NonNullable<Step['tls_client']>): Promise<void> {
    this.#refuseLeftover()
    const { places, deadline } = this.#stage
    const filled = Object.fromEntries(Object.entries(step).map(([key, value]) => [key, places.fill(value)]))
    const tls = new Tls(this.#transport, role, filled, places.tls, deadline)
    this.#tls = (await tls.start()) ? tls : undefined
    this.#ended = false
  }

  async #closeNotify(): Promise<void> {
    if (this.#tls === undefined) throw new Fail('no TLS to close')
    await this.#tls.closeNotify()
  }

  async #silence(seconds: number): Promise<void> {
    if (this.#buffer.length === 0 && (await this.#transport.quiet(seconds))) return
    if (this.#buffer.length === 0) await this.#more()
    throw new Fail(`wanted silence, got ${this.#buffer.length === 0 ? 'end of file' : shown(this.#buffer)}`)
  }

  async #skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      if (this.#buffer.length === 0) await this.#more()
      if (this.#ended) throw new Fail(`end of file after ${count - left} bytes of ${count}`)
      left -= this.#consume(left).length
    }
  }

  async #stderr(pattern: string): Promise<void> {
    if (!(await this.#stage.stderrLike(pattern))) throw new Fail(`no ${shown(pattern)} on stderr`)
  }
}
