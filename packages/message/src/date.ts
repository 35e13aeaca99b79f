/** Dates as qmail writes them into Received lines. Pure. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The time, in seconds since 1970, as `26 Sep 1995 04:46:54 -0000`: UTC, day without a leading zero. */
export function utcDate(seconds: number): string {
  const d = new Date(Math.floor(seconds) * 1000)
  const time = [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()].map((n) => String(n).padStart(2, '0')).join(':')
  return `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()} ${time} -0000`
}
