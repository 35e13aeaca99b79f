/** How each try gets the message on descriptor 0 from where it begins. */
import { type Errno, fileKind, sys, temporaryFile } from '@moreqmail/unix'

const MESSAGE = 0
const SEEK_SET = 0
const SEEK_CUR = 1

/** Why the message can't be read more than once. */
export type Unrepeatable = 'unreadable' | 'no resources'

/**
 * What to call before each try. If the message is no regular file and more than one try may look at it, it becomes one:
 * a program that has looked at its header can't put that back.
 */
export function rewinder(more: boolean): (() => void) | Unrepeatable {
  if (fileKind(MESSAGE) !== 'file') {
    if (!more) return () => undefined
    const trouble = spool()
    if (trouble !== undefined) return trouble
  }
  const start = sys.lseek(MESSAGE, 0, SEEK_CUR)
  return () => {
    sys.lseek(MESSAGE, start, SEEK_SET)
  }
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
