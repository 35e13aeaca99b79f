/** Running filters one after the other over a message and its envelope. */
import { type Envelope, MAX_ADDRESS } from '@moreqmail/queue/envelope'
import { type Errno, environment, latin1, NUL, spawn, sys, temporaryFile, waitUnstopped } from '@moreqmail/unix'
import type { Command } from './command-line.ts'
import { type EnvelopeFault, envelopeInFile } from './envelope.ts'
import { filterVariables, type Variables } from './variables.ts'

/** What a filter has on its descriptors besides the message on 0. */
const NEW_MESSAGE = 1
const ENVELOPE = 3
const NEW_ENVELOPE = 4
const PROGRAM = 5

/** No program has a longer name. */
const MAX_NAME = 4096

/** How a filter has ended, if not well: then no other one may run. */
export type Failure =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: number }
  /** It could not be run. */
  | { readonly kind: 'unable'; readonly errno: Errno }
  /** It has written this kind of bad envelope. */
  | { readonly kind: 'envelope'; readonly fault: EnvelopeFault }
  /** A file for it could not be made. */
  | { readonly kind: 'file'; readonly errno: Errno }

/** What a filter is given beyond what all of them get. */
export interface Extras {
  readonly variables?: Variables
  /** As for spawn: [number in the filter, our descriptor]. */
  readonly fds?: ReadonlyArray<readonly [number, number]>
}

/**
 * A message and its envelope on their way through filters. Descriptors are of seekable files, which are never written
 * to here: what a filter prints goes into new ones.
 */
export class Filtering {
  #message: number
  #envelope: number
  #addresses: Envelope
  readonly #longest: number
  #program = -1

  private constructor(message: number, envelope: number, addresses: Envelope, longest: number) {
    this.#message = message
    this.#envelope = envelope
    this.#addresses = addresses
    this.#longest = longest
  }

  /**
   * Takes over a message and an envelope, whole files both; or says what is wrong with the envelope. `longest`: bytes
   * that an address may have, in this envelope and in those that filters write.
   */
  static of(message: number, envelope: number, longest = MAX_ADDRESS): Filtering | EnvelopeFault {
    const addresses = envelopeInFile(envelope, longest)
    return typeof addresses === 'string' ? addresses : new Filtering(message, envelope, addresses, longest)
  }

  /** The addresses as the last filter has left them. */
  get addresses(): Envelope {
    return this.#addresses
  }

  /** The variables that describe the message and its envelope as they are now. */
  get variables(): Variables {
    return filterVariables(this.#addresses, sizeOf(this.#envelope), sizeOf(this.#message))
  }

  /**
   * Runs one filter: how it has failed, or undefined, when what it has written has become the message and the envelope.
   * There is no limit of time.
   */
  run(command: Command, { variables = {}, fds = [] }: Extras = {}): Failure | undefined {
    if (this.#program < 0) this.#program = temporaryFile()
    const newMessage = temporaryFile()
    const newEnvelope = temporaryFile()
    const missing = Math.min(this.#program, newMessage, newEnvelope)
    if (missing < 0) return { kind: 'file', errno: missing }
    for (const fd of [this.#message, this.#envelope, this.#program]) sys.lseek(fd, 0, 0)
    const pid = spawn(command, {
      env: environment().with({ ...this.variables, ...variables }),
      fds: [
        [0, this.#message],
        [NEW_MESSAGE, newMessage],
        [ENVELOPE, this.#envelope],
        [NEW_ENVELOPE, newEnvelope],
        [PROGRAM, this.#program],
        ...fds,
      ],
    })
    if (pid < 0) return { kind: 'unable', errno: pid }
    const status = waitUnstopped(pid)
    if (typeof status === 'number') return { kind: 'unable', errno: status }
    if (status.signal !== 0) return { kind: 'signal', signal: status.signal }
    if (status.code !== 0) return { kind: 'exit', code: status.code }
    return this.#accept(newMessage, newEnvelope)
  }

  /** The name that filters have written on descriptor 5; undefined if there is none. */
  get program(): string | undefined {
    if (this.#program < 0 || sizeOf(this.#program) === 0) return undefined
    const buffer = new Uint8Array(MAX_NAME)
    const n = sys.pread(this.#program, buffer, 0, buffer.length, 0)
    const nul = buffer.subarray(0, Math.max(0, n)).indexOf(NUL)
    return latin1(buffer, 0, nul < 0 ? Math.max(0, n) : nul)
  }

  /**
   * Hands the message over for the program that comes next in this process: it is descriptor 0, at its beginning, and
   * with `envelope` that is descriptor 1; 3 to 5, which were the filters', are closed to it. 0 or a negative errno.
   */
  handOver(envelope: 'with envelope' | 'without envelope'): Errno {
    const moves = [[this.#message, 0], ...(envelope === 'with envelope' ? [[this.#envelope, 1]] : [])]
    for (const [from = 0, to = 0] of moves) {
      const result = Math.min(sys.lseek(from, 0, 0), sys.dup2(from, to))
      if (result < 0) return result
    }
    closeFilterDescriptors()
    return 0
  }

  #accept(newMessage: number, newEnvelope: number): Failure | undefined {
    if (sizeOf(newEnvelope) > 0) {
      const addresses = envelopeInFile(newEnvelope, this.#longest)
      if (typeof addresses === 'string') return { kind: 'envelope', fault: addresses }
      sys.close(this.#envelope)
      this.#envelope = newEnvelope
      this.#addresses = addresses
    } else sys.close(newEnvelope)
    if (sizeOf(newMessage) > 0) {
      if (this.#message > 2) sys.close(this.#message)
      this.#message = newMessage
    } else sys.close(newMessage)
    return undefined
  }
}

/** Closes what was the filters' to the program that comes next in this process. */
export function closeFilterDescriptors(): void {
  for (const fd of [ENVELOPE, NEW_ENVELOPE, PROGRAM]) sys.keep(fd, 0)
}

/** The size in bytes of an open file. */
function sizeOf(file: number): number {
  const out = new Float64Array(9)
  sys.fstat(file, out)
  return out[6] ?? 0
}
