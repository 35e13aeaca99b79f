/** Points in time as they are written into header fields. Pure. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A point in time, as a clock and a calendar in some zone show it. */
export interface CalendarTime {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** Minutes that the zone is ahead of UTC; undefined: the time is UTC, the zone unknown, as `-0000` says. */
  readonly offset: number | undefined
}

/** The number of the month with this name of three letters, in any case; 0 if there is none. */
export function monthNumber(name: string): number {
  return MONTHS.findIndex((month) => month.toLowerCase() === name.toLowerCase()) + 1
}

/** The time, in seconds since 1970, in UTC and with an unknown zone. */
export function utcTime(seconds: number): CalendarTime {
  const d = new Date(Math.floor(seconds) * 1000)
  return {
    year: d.getUTCFullYear(),
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
    offset: undefined,
  }
}

/** The time as `26 Sep 1995 04:46:54 -0000`: day without a leading zero. */
export function writeDate({ year, month, day, hour, minute, second, offset }: CalendarTime): string {
  return `${day} ${MONTHS[month - 1]} ${year} ${two(hour)}:${two(minute)}:${two(second)} ${zone(offset)}`
}

/** The time's digits from year to second, as `19950926044654`. */
export function timeDigits({ year, month, day, hour, minute, second }: CalendarTime): string {
  return `${year}${two(month)}${two(day)}${two(hour)}${two(minute)}${two(second)}`
}

/** The time, in seconds since 1970, as `26 Sep 1995 04:46:54 -0000`. */
export function utcDate(seconds: number): string {
  return writeDate(utcTime(seconds))
}

function zone(offset: number | undefined): string {
  if (offset === undefined) return '-0000'
  const minutes = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
