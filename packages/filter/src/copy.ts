/** Copying what a descriptor brings until its end. */
import { EBADF, type Errno, sys, temporaryFile, Writer } from '@moreqmail/unix'

/** As much as a pipe holds on Linux. */
const PIECE = 65536

/** Which side of a copy has failed, and why. */
export interface CopyFault {
  readonly side: 'read' | 'write'
  readonly errno: Errno
}

/**
 * Copies from one descriptor to another until the end, from where it stands: how it has failed, undefined if it has not.
 * `before`: a byte string that is written first.
 */
export function copy(from: number, to: number, before = ''): CopyFault | undefined {
  // In the place of what the caller has closed the runtime has put something that would take or end anything.
  const [source, target] = [sys.isopen(from), sys.isopen(to)]
  if (source < 0) return { side: 'read', errno: source }
  if (target < 0) return { side: 'write', errno: target }
  const buffer = new Uint8Array(PIECE)
  const out = new Writer(to)
  out.puts(before)
  for (;;) {
    const n = sys.read(from, buffer, 0, buffer.length)
    if (n < 0) return { side: 'read', errno: n }
    out.put(buffer, 0, n)
    if (!out.flush()) return { side: 'write', errno: out.broken }
    if (n === 0) return undefined
  }
}

/** Copies what a descriptor brings into a new temporary file: its descriptor, or how that has failed. */
export function copyToFile(from: number): number | CopyFault {
  // Closed, it would have the number of the file.
  if (sys.isopen(from) < 0) return { side: 'read', errno: -EBADF }
  const file = temporaryFile()
  if (file < 0) return { side: 'write', errno: file }
  const fault = copy(from, file)
  if (fault === undefined) return file
  sys.close(file)
  return fault
}
