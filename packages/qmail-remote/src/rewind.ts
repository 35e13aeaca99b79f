/** How each try gets the message on descriptor 0 from where it begins. */
import { type Errno, fileKind, sys, temporaryFile } from '@moreqmail/unix'

const MESSAGE = 0
const SEEK_SET = 0
const SEEK_CUR = 1

/** Why the message can't be read more than once. */
export type Unrepeatable = 'unreadable' | 'no resources'

export interface Source {
  /** To be called before each try. */
  readonly rewind: () => void
  /** True if the message has come by a pipe: then no try tells the server its size, neither the first nor another. */
  readonly stream: boolean
}

/**
 * The message. If it is no regular file and more than one try may look at it, it becomes one: a program that has looked
 * at its header can't put that back.
 */
export function messageSource(more: boolean): Source | Unrepeatable {
  const stream = fileKind(MESSAGE) !== 'file'
  if (stream && !more) return { rewind: () => undefined, stream }
  const trouble = stream ? spool() : undefined
  if (trouble !== undefined) return trouble
  const start = sys.lseek(MESSAGE, 0, SEEK_CUR)
  const rewind = () => {
    sys.lseek(MESSAGE, start, SEEK_SET)
  }
  return { rewind, stream }
}

/** Copies the message to a file that takes its place. */
function spool(): Unrepeatable | undefined {
  const file = temporaryFile()
  if (file < 0) return 'no resources'
  const buffer = new Uint8Array(65536)
  for (;;) {
    const n = sys.read(MESSAGE, buffer, 0, buffer.length)
    if (n < 0) return 'unreadable'
    if (n === 0) break
    if (writeAll(file, buffer, n) < 0) return 'no resources'
  }
  sys.lseek(file, 0, SEEK_SET)
  sys.dup2(file, MESSAGE)
  sys.close(file)
  return undefined
}

function writeAll(fd: number, bytes: Uint8Array, length: number): Errno {
  for (let at = 0; at < length; ) {
    const n = sys.write(fd, bytes, at, length - at)
    if (n < 0) return n
    at += n
  }
  return 0
}
