/** The envelope as qmail-queue gets it: `F` sender NUL, `T` recipient NUL for each, and one more NUL. Pure. */
import { latin1, NUL } from '@moreqmail/unix/bytes'

/** The longest address in bytes. */
export const MAX_ADDRESS = 1002

/** More addresses than fit in this many bytes, 100 for each one added, are too many to keep. */
const MAX_KEPT = 256 * 1024 * 1024

const F = 70
const T = 84

/** Sender and recipients as byte strings. */
export interface Envelope {
  readonly sender: string
  readonly recipients: readonly string[]
}

/**
 * How far the envelope has come: `more` bytes are needed (at the end of the input: it was cut short), it is
 * `complete`, or it is no envelope: a wrong `letter`, an address too `long`, too `many` addresses.
 */
export type Progress = 'more' | 'complete' | 'letter' | 'long' | 'many'

/** Takes an envelope piece by piece, however it is cut; what follows its last NUL is left alone. */
export class EnvelopeParser {
  readonly #address: Uint8Array
  readonly #recipients: string[] = []
  #length = 0
  #kept = 0
  #sender: string | undefined
  #inAddress = false
  #progress: Progress = 'more'

  /** `longest`: bytes an address may have. */
  constructor(longest = MAX_ADDRESS) {
    this.#address = new Uint8Array(longest)
  }

  /** The addresses taken so far. */
  get envelope(): Envelope {
    return { sender: this.#sender ?? '', recipients: this.#recipients }
  }

  /** Takes the next bytes. Once the answer is not `more` it stays what it is. */
  take(bytes: Uint8Array): Progress {
    let at = 0
    while (this.#progress === 'more' && at < bytes.length) {
      if (!this.#inAddress) {
        this.#letter(bytes[at] ?? NUL)
        at++
      } else {
        const end = bytes.indexOf(NUL, at)
        this.#add(bytes.subarray(at, end < 0 ? bytes.length : end))
        if (end < 0) break
        this.#finish()
        at = end + 1
      }
    }
    return this.#progress
  }

  #letter(letter: number): void {
    const first = this.#sender === undefined
    if (!first && letter === NUL) this.#progress = 'complete'
    else if (letter !== (first ? F : T)) this.#progress = 'letter'
    else this.#inAddress = true
  }

  #add(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#address.length) {
      this.#progress = 'long'
      return
    }
    this.#address.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #finish(): void {
    if (this.#progress !== 'more') return
    const address = latin1(this.#address, 0, this.#length)
    this.#kept += this.#length + 100
    if (this.#kept > MAX_KEPT) this.#progress = 'many'
    else if (this.#sender === undefined) this.#sender = address
    else this.#recipients.push(address)
    this.#length = 0
    this.#inAddress = false
  }
}

/** A whole envelope in one piece; bytes after its last NUL are ignored. `more`: it was cut short. */
export function parseEnvelope(bytes: Uint8Array): Envelope | Exclude<Progress, 'complete'> {
  const parser = new EnvelopeParser()
  const progress = parser.take(bytes)
  return progress === 'complete' ? parser.envelope : progress
}
