/** The password of a key: read once, handed on through pipes, never a string before the process that needs it. */
import { type Errno, NUL, sys } from '@moreqmail/unix'

const LONGEST = 4096

/** What comes on a descriptor up to a NUL or the end; a negative errno if it can't be read. Closes it. */
export function readPassword(fd: number): Uint8Array | Errno {
  const closed = sys.isopen(fd)
  if (closed < 0) return closed
  const read = new Uint8Array(LONGEST)
  let end = 0
  let n = 1
  while (n > 0 && end < LONGEST && !read.subarray(0, end).includes(NUL)) {
    n = sys.read(fd, read, end, LONGEST - end)
    end += Math.max(0, n)
  }
  sys.close(fd)
  if (n < 0) return n
  const nul = read.subarray(0, end).indexOf(NUL)
  return read.subarray(0, nul < 0 ? end : nul)
}

/** A descriptor from which it can be read once, or a negative errno. */
export function lendPassword(password: Uint8Array): number {
  const pipe = sys.pipe()
  if (typeof pipe === 'number') return pipe
  const [reading, writing] = pipe
  // A pipe takes that much without a reader.
  const n = sys.write(writing, password, 0, password.length)
  sys.close(writing)
  if (n >= 0) return reading
  sys.close(reading)
  return n
}
