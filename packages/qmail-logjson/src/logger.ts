/** Writes lines as JSON, by pino. */
import { pino } from 'pino'
import { eventOf } from './event.ts'
import type { Piece } from './input.ts'
import { readable, withoutControls } from './readable.ts'
import { takeStamp } from './stamp.ts'

/** A function that writes one line or piece of a line as JSON through `write`, which gets byte strings of UTF-8. */
export function makeLogger(write: (json: string) => void): (piece: Piece) => void {
  let time: number | undefined
  const timestamp = (): string => `,"time":${time ?? Date.now()}`
  // Everything in a line is about the program that has written it, not about this one: no base.
  const logger = pino({ base: null, timestamp }, { write: (json) => write(withoutControls(json)) })
  return ({ text, part, last }) => {
    const stamped = part > 1 ? { time: undefined, line: text } : takeStamp(text)
    // The pieces of a line have the time of the first.
    if (part <= 1) time = stamped.time
    const line = readable(stamped.line)
    if (part > 0) {
      logger.info(last ? { part, last } : { part }, line)
    } else {
      const { level, fields } = eventOf(line)
      logger[level](fields, line)
    }
  }
}
