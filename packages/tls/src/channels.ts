/** The descriptors between a program and the process that does TLS for it. */
import { type Errno, sys } from '@moreqmail/unix'
import type { Ends } from './start.ts'
import { MAX_LIST } from './variables.ts'

/** Below are numbers that other interfaces want: 3 is checkpassword's, 6 and 7 a client's. */
const LEAST = 10

/** The program's ends: commands and report, from TLS, to TLS. */
export interface NearEnds {
  readonly control: number
  readonly read: number
  readonly write: number
}

/** Both ends of everything. */
export interface Channels {
  readonly near: NearEnds
  readonly far: Pick<Ends, 'fromProgram' | 'toProgram' | 'report'>
}

/**
 * A socket pair for commands and report, and a pipe for each direction; a negative errno on failure. All of them are
 * closed by exec until they are kept.
 */
export function openChannels(): Channels | Errno {
  const fds: number[] = []
  const failed = (errno: Errno): Errno => {
    for (const fd of fds) sys.close(fd)
    return errno
  }
  for (const open of [sys.socketpair, sys.pipe, sys.pipe]) {
    const ends = open()
    if (typeof ends === 'number') return failed(ends)
    fds.push(...ends)
  }
  for (const i of NEAR) {
    const low = fds[i] ?? -1
    const fd = sys.dup(low, LEAST)
    if (fd < 0) return failed(fd)
    sys.close(low)
    fds[i] = fd
  }
  const [control = -1, report = -1, read = -1, toProgram = -1, fromProgram = -1, write = -1] = fds
  return { near: { control, read, write }, far: { report, toProgram, fromProgram } }
}

/** The program's ends among the descriptors in the order in which they are opened. */
const NEAR = [0, 2, 5]

/** Closes some of the ends. */
export function closeEnds(ends: NearEnds | Channels['far']): void {
  for (const fd of Object.values(ends)) sys.close(fd)
}

/** All that comes on the control descriptor before its end, at most one byte more than a report may have. */
export function readReport({ control }: NearEnds): Uint8Array {
  const report = new Uint8Array(MAX_LIST + 1)
  let end = 0
  for (let n = 1; n > 0 && end < report.length; end += Math.max(0, n))
    n = sys.read(control, report, end, report.length - end)
  return report.subarray(0, end)
}
