/** Reading parts of a file by position, so that parts near each other cost one read. */
import { ENOMEM, EPROTO, type Errno, sys } from '@moreqmail/unix'

/** What is read from; with the number -1 once it is closed. */
export interface OpenFile {
  fd: number
}

/** A window on the file that moves to where it is needed. A part that the file does not have is -EPROTO. */
export class Pages {
  readonly #file: OpenFile
  readonly #window: Uint8Array
  #start = 0
  #end = 0

  /** Size: bytes of the window. */
  constructor(file: OpenFile, size: number) {
    this.#file = file
    this.#window = new Uint8Array(size)
  }

  /** A part of the file, good until the next call; a negative errno. */
  view(position: number, length: number): Uint8Array | Errno {
    if (length > this.#window.length) return this.#large(position, length)
    if (position < this.#start || position + length > this.#end) {
      const n = readAt(this.#file, this.#window, position, length)
      this.#start = position
      this.#end = position + Math.max(n, 0)
      if (n < length) return n < 0 ? n : -EPROTO
    }
    return this.#window.subarray(position - this.#start, position - this.#start + length)
  }

  /** A part of the file, the caller's own; a negative errno. */
  copy(position: number, length: number): Uint8Array | Errno {
    const part = this.view(position, length)
    return typeof part === 'number' || length > this.#window.length ? part : part.slice()
  }

  #large(position: number, length: number): Uint8Array | Errno {
    let part: Uint8Array
    try {
      part = new Uint8Array(length)
    } catch {
      return -ENOMEM
    }
    const n = readAt(this.#file, part, position)
    return n < 0 ? n : n < length ? -EPROTO : part
  }
}

/** Reads from a position at least so many bytes, at most as have room, unless the file ends: how many, or a negative errno. */
export function readAt(file: OpenFile, into: Uint8Array, position: number, least = into.length): number {
  let got = 0
  while (got < least) {
    const n = sys.pread(file.fd, into, got, into.length - got, position + got)
    if (n < 0) return n
    if (n === 0) break
    got += n
  }
  return got
}
