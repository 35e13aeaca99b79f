/** The time stamps that multilog puts before a line: TAI64N labels. Pure. */

export interface Stamped {
  /** Milliseconds since 1970; undefined: there is no stamp. */
  readonly time: number | undefined
  /** The line behind the stamp. */
  readonly line: string
}

/** 2^62 seconds and the ten that TAI was ahead of UTC in 1970, which is how multilog counts. */
const EPOCH = (1n << 62n) + 10n

const LABEL = /^@([0-9a-f]{16})([0-9a-f]{8}) /

/** Takes the stamp off a line. */
export function takeStamp(line: string): Stamped {
  const label = line.startsWith('@') ? LABEL.exec(line) : null
  if (label === null) return { time: undefined, line }
  const seconds = Number(BigInt(`0x${label[1]}`) - EPOCH)
  const nanoseconds = Number(`0x${label[2]}`)
  // Of times beyond these JavaScript knows no date.
  if (Math.abs(seconds) > 8.64e12 || nanoseconds > 999_999_999) return { time: undefined, line }
  return { time: seconds * 1000 + Math.floor(nanoseconds / 1e6), line: line.slice(label[0].length) }
}
