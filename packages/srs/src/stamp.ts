/** The day in an SRS address: modulo 1024, two base32 characters. Pure. */

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Days after which a stamp comes again. */
const CYCLE = 1024

const DAY = 86400

/** The stamp of a time in seconds since 1970. */
export function stampOf(now: number): string {
  const day = today(now)
  return BASE32.charAt(day >> 5) + BASE32.charAt(day & 31)
}

/**
 * How many days ago a stamp was made, 0 to 1023: one of tomorrow is 1023 days old. Undefined if it is none; case makes
 * no difference.
 */
export function ageOf(stamp: string, now: number): number | undefined {
  if (!/^[A-Z2-7]{2}$/i.test(stamp)) return undefined
  const value = (i: number): number => BASE32.indexOf(stamp.charAt(i).toUpperCase())
  const day = 32 * value(0) + value(1)
  return (today(now) - day + CYCLE) % CYCLE
}

function today(now: number): number {
  return Math.floor(now / DAY) % CYCLE
}
