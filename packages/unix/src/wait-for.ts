/** Waiting for one descriptor, with a limit of time. */
import { EINTR } from './errno.ts'
import { sys } from './shim.ts'

export const POLLIN = 1
export const POLLOUT = 4

/** Milliseconds that poll can wait. */
const LONGEST = 0x7fffffff

const one = new Int32Array(3)

/** Milliseconds that never jump, with fraction. */
export function now(): number {
  return sys.clock(1)
}

/**
 * Waits until the descriptor can be read (POLLIN) or written (POLLOUT), or its end has come. True if so, false after
 * `seconds` (Infinity: no limit).
 */
export function ready(fd: number, events: number, seconds: number): boolean {
  const until = seconds === Number.POSITIVE_INFINITY ? seconds : now() + seconds * 1000
  for (;;) {
    const left = until === Number.POSITIVE_INFINITY ? -1 : Math.min(LONGEST, Math.max(0, Math.ceil(until - now())))
    one[0] = fd
    one[1] = events
    const count = sys.poll(one, 1, left)
    if (count > 0) return true
    if (count === 0) return false
    if (count !== -EINTR) return true // the read or write that follows meets the same error and reports it
  }
}
