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
  const control = sys.socketpair()
  if (typeof control === 'number') return control
  const inward = sys.pipe()
  if (typeof inward === 'number') return inward
  const outward = sys.pipe()
  if (typeof outward === 'number') return outward
  const near = [control[0], inward[0], outward[1]].map(lift)
  const failed = near.find((fd) => fd < 0)
  if (failed !== undefined) return failed
  const [first = -1, read = -1, write = -1] = near
  return {
    near: { control: first, read, write },
    far: { report: control[1], toProgram: inward[1], fromProgram: outward[0] },
  }
}

/** Moves a descriptor above those that others want: its new number, or a negative errno. */
function lift(fd: number): number {
  const lifted = sys.dup(fd, LEAST)
  sys.close(fd)
  return lifted
}

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
