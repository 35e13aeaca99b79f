/** Running plugins: what they decide about a command, and what they leave for later ones. */
import type { Refusal } from '@moreqmail/smtp/server'
import type { Client } from '@moreqmail/smtp-io'
import { EAGAIN, ENOMEM, environment, LF, latin1, Reader, spawn, sys, wait } from '@moreqmail/unix'
import { type Event, type Later, type Plugins, parseRequest, pluginArguments } from './plugins.ts'

/** The exit code of a plugin that could not be executed. */
const CANNOT_RUN = 120

/** A plugin may leave so many bytes for later: headers, refusals, variables. */
const MAX_KEPT = 1024 * 1024

/** A line of a plugin may have fewer bytes than this. */
const MAX_LINE = 65536

/** What the plugins of an event have decided. */
export type Verdict = { readonly approved: boolean; readonly address: string } | Refusal

/** The plugins of a session and what they have said for later. */
export class PluginRunner {
  readonly #plugins: Plugins | undefined
  readonly #client: Client
  readonly #refusals = new Map<Later, string[]>()
  #headers = ''
  #off = false

  /** Without plugins everything goes on. */
  constructor(plugins: Plugins | undefined, client: Client) {
    this.#plugins = plugins
    this.#client = client
  }

  /** Header lines for the message that comes. */
  get headers(): string {
    return this.#headers
  }

  forgetHeaders(): void {
    this.#headers = ''
  }

  forgetAll(): void {
    this.#headers = ''
    this.#refusals.clear()
  }

  /** Runs the plugins of an event. `variables` are set first, and stay; `changes` is the one that holds the address. */
  run(event: Event, variables: Readonly<Record<string, string>> = {}, changes = ''): Verdict {
    const refused = event === 'mail' || event === 'rcpt' || event === 'data' ? this.#refusals.get(event) : undefined
    if (refused !== undefined) return { refuse: refused.join('\r\n') }
    const on: OnEvent = { changes, address: variables[changes] ?? '' }
    if (this.#plugins === undefined) return { approved: false, address: on.address }
    // The queue program, too, goes by them: without plugins they must not stay those of an earlier command.
    for (const [name, value] of Object.entries(variables)) environment().set(name, value)
    if (this.#off) return { approved: false, address: on.address }
    for (const plugin of this.#plugins.get(event) ?? []) {
      const verdict = this.#one(plugin, on)
      if (verdict === 'next') break
      if (verdict === 'approve') return { approved: true, address: on.address }
      if (verdict !== undefined) return verdict
    }
    return { approved: false, address: on.address }
  }

  /** Runs one plugin: its verdict, undefined if it has none. */
  #one(plugin: string, on: OnEvent): 'next' | 'approve' | Refusal | undefined {
    const trouble = (why: string): Refusal => ({ refuse: `451 qmail-spp failure: ${plugin}: ${why} (#4.3.0)` })
    const pipe = sys.pipe()
    if (!Array.isArray(pipe)) return trouble("can't pipe()")
    const [from, to] = pipe
    const nothing = sys.open('/dev/null', 0, 0)
    const argv = pluginArguments(plugin)
    const pid = spawn(argv, {
      path: argv[0] ?? '',
      fds: [
        [0, nothing < 0 ? 'closed' : nothing],
        [1, to],
      ],
    })
    sys.close(to)
    if (nothing >= 0) sys.close(nothing)
    const verdict = pid < 0 ? undefined : this.#listen(from, on)
    sys.close(from)
    if (pid < 0) return trouble(pid === -EAGAIN || pid === -ENOMEM ? 'fork() failed' : "can't execute")
    const status = wait(pid)
    if (verdict === 'too much') return trouble('too much output')
    if (verdict !== undefined) return verdict
    if (typeof status === 'number') return trouble('wait_pid() failed')
    if (status.signal !== 0) return trouble('child crashed')
    return status.code === CANNOT_RUN ? trouble("can't execute") : undefined
  }

  /** Does what the plugin's lines ask for, until its verdict or its end. */
  #listen(from: number, on: OnEvent): 'next' | 'approve' | 'too much' | Refusal | undefined {
    const input = new Reader(from, { size: MAX_LINE })
    let left = MAX_KEPT
    for (;;) {
      const lf = input.buffered.indexOf(LF)
      if (lf < 0 && input.more()) continue
      if (input.buffered.length === MAX_LINE && lf < 0) return 'too much'
      // The last line counts even without its LF.
      const text = latin1(input.buffered, 0, lf < 0 ? input.buffered.length : lf)
      const verdict = this.#obey(text, on)
      if (verdict !== undefined || lf < 0) return verdict
      input.consume(lf + 1)
      if ('LHS'.includes(text.charAt(0))) left -= text.length
      if (left < 0) return 'too much'
    }
  }

  /** Does what one line asks for: the verdict, if that is one. */
  #obey(line: string, on: OnEvent): 'next' | 'approve' | Refusal | undefined {
    const request = parseRequest(line)
    switch (request?.kind) {
      case 'end of plugins':
        this.#off = true
        return 'next'
      case 'next':
      case 'approve':
        return request.kind
      case 'drop':
        return { refuse: undefined, exit: 0 }
      case 'refuse':
        return { refuse: request.text }
      case 'reject':
        return { refuse: request.text, exit: 0 }
      case 'print':
        this.#client.output.puts(`${request.text}\r\n`)
        this.#client.output.flush()
        break
      case 'later':
        this.#refusals.set(request.command, [...(this.#refusals.get(request.command) ?? []), request.text])
        break
      case 'header':
        this.#headers += `${request.text}\n`
        break
      case 'address':
        if (on.changes === '') break
        on.address = request.text
        environment().set(on.changes, request.text)
        break
      case 'set':
        environment().set(request.name, request.text)
        break
      case 'unset':
        environment().set(request.text, undefined)
        break
    }
    return undefined
  }
}

/** What an event is about. */
interface OnEvent {
  /** The variable that holds the address; '' if there is none. */
  readonly changes: string
  address: string
}
