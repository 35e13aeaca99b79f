/** Numbers that nobody can foresee. */
import { sys } from '@moreqmail/unix'

/** A whole number from 0 up to but not including the limit, all equally likely; 0 if the system has no randomness. */
export function randomBelow(limit: number): number {
  const [range, number] = [0x1_0000_0000, new Uint32Array(1)]
  const bytes = new Uint8Array(number.buffer)
  for (;;) {
    if (sys.random(bytes, 0, bytes.length) < 0) return 0
    const [drawn = 0] = number
    if (drawn < range - (range % limit)) return drawn % limit
  }
}
