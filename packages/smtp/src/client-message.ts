/** The message to be sent, on a descriptor that may be a regular file. */
import { CR, LF, latin1 } from '@moreqmail/unix/bytes'
import type { Errno } from '@moreqmail/unix/errno'
import type { Message } from './conversation.ts'

/** What a message needs of the system; negative results are errnos. `sys` of @moreqmail/unix has it. */
export interface FileIo {
  read(fd: number, into: Uint8Array, offset: number, length: number): number
  pread(fd: number, into: Uint8Array, offset: number, length: number, position: number): number
  /** whence 1: from where it stands. */
  lseek(fd: number, offset: number, whence: number): number
  /** The mode is at index 2, the size at 6. */
  fstat(fd: number, out: Float64Array): Errno
}

const SEEK_CUR = 1
const TYPE = 0o170000
const REGULAR = 0o100000

/** More than this is worth the engine's effort to compile what handles it. */
const MUCH = 65536

/** No more than this of a header is looked at. */
const MAX_HEAD = 65536
const HEAD_PIECE = 4096

/**
 * The message from where the descriptor stands; `large` is called once if it turns out to be more than 64 KiB. A
 * `stream` may be a file, but is treated as a pipe, of which nothing is known before it is read.
 */
export function messageOn(io: FileIo, fd: number, large: () => void, stream = false): Message {
  const about = new Float64Array(9)
  const regular = !stream && io.fstat(fd, about) >= 0 && ((about[2] as number) & TYPE) === REGULAR
  const start = regular ? io.lseek(fd, 0, SEEK_CUR) : 0
  const end = about[6] as number
  const size = regular ? Math.max(0, end - start) : undefined
  let total = 0
  /** What `head` has read of a message that can't be read twice. */
  let ahead = new Uint8Array(0)

  const take = (into: Uint8Array, offset: number, length: number): number => {
    if (ahead.length === 0) return io.read(fd, into, offset, length)
    const part = ahead.subarray(0, length)
    into.set(part, offset)
    ahead = ahead.subarray(part.length)
    return part.length
  }

  return {
    size,
    endsPartial: () => {
      if (!size) return false
      const last = new Uint8Array(1)
      return io.pread(fd, last, 0, 1, end - 1) === 1 && last[0] !== LF && last[0] !== CR
    },
    head: () => {
      const buffer = new Uint8Array(MAX_HEAD)
      let length = 0
      // The end of the line before the first one, so that an empty header ends like any other.
      let text = '\n'
      let end = -1
      while (length < MAX_HEAD && end < 0) {
        const room = Math.min(HEAD_PIECE, MAX_HEAD - length)
        const n = regular ? io.pread(fd, buffer, length, room, start + length) : io.read(fd, buffer, length, room)
        // Whoever reads the message itself meets the same failure and reports it.
        if (n <= 0) break
        const searched = Math.max(0, text.length - 2)
        text += latin1(buffer, length, length + n)
        length += n
        const empty = text.slice(searched).search(/\n\r?\n/)
        if (empty >= 0) end = searched + empty + 1
      }
      if (!regular) ahead = buffer.subarray(0, length)
      return text.slice(1, end < 0 ? undefined : end)
    },
    read: (into, offset, length) => {
      const n = take(into, offset, length)
      const before = total
      total += Math.max(0, n)
      if (before < MUCH && total >= MUCH) large()
      return n
    },
  }
}
