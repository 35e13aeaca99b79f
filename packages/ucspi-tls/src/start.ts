/** Starting TLS: asks the process that does it, waits for its report, and goes on over its descriptors. */
import { type Environment, NUL, Reader, sys, Writer } from '@moreqmail/unix'
import { answerVariables, endOfAnswer, MAX_ANSWER } from './answer.ts'
import { DESCRIPTOR_NAMES, type Descriptors, LEVEL_NAMES, type Level, tlsDescriptors, tlsLevel } from './offer.ts'

/** What a server can offer. */
export interface Offer {
  readonly level: Level
  /** Undefined: TLS can't be started, whatever the level. */
  readonly descriptors: Descriptors | undefined
}

/** Finds out what to offer, and removes the wish from the environment: whoever comes next must not offer it again. */
export function takeOffer(env: Environment): Offer {
  const get = (name: string): string | undefined => env.get(name)
  const level = tlsLevel(get)
  const descriptors = level === 'none' ? undefined : tlsDescriptors(get, (fd) => sys.isopen(fd) === 0)
  for (const name of LEVEL_NAMES) if (env.get(name) !== undefined) env.set(name, undefined)
  return { level, descriptors }
}

/** How to start. */
export interface StartOptions {
  /** Seconds that each wait for the report may last. */
  readonly timeout: number
  /** The descriptors that become the TLS ones: reading, writing. Default 0 and 1. */
  readonly onto?: readonly [number, number]
}

/**
 * Has TLS started and waits for the report, which goes into the environment. True: the connection has moved to the TLS
 * descriptors, the lent ones are closed and no longer named. False: no TLS, and the connection is not ours any more.
 */
export function startTls(
  descriptors: Descriptors,
  env: Environment,
  { timeout, onto = [0, 1] }: StartOptions,
): boolean {
  const answer = ask(descriptors.control, timeout)
  if (answer === undefined || !move(descriptors, onto)) return false
  for (const name of DESCRIPTOR_NAMES) env.set(name, undefined)
  for (const [name, value] of answer) env.set(name, value)
  return true
}

/** Thrown through Reader and Writer, whose failures must not return. */
const FAILED = new Error('TLS was not started')

/** Sends `Y` and reads the report: its variables; undefined if it doesn't come whole. */
function ask(control: number, timeout: number): ReadonlyMap<string, string | undefined> | undefined {
  const fail = (): never => {
    throw FAILED
  }
  try {
    const out = new Writer(control, { timeout, timedOut: fail, failed: fail, size: 1 })
    out.puts('Y')
    out.flush()
    // Behind the report may come the session, where one descriptor is for both.
    const report = new Reader(control, { timeout, timedOut: fail, failed: fail, size: MAX_ANSWER, stopAt: NUL })
    let seen = 0
    for (;;) {
      const end = endOfAnswer(report.buffered, seen)
      if (end >= 0) return answerVariables(report.buffered, end)
      seen = report.buffered.length
      if (!report.more()) return undefined
    }
  } catch (error) {
    if (error === FAILED) return undefined
    throw error
  }
}

/** Puts the TLS descriptors in place. They may have any numbers: copies above all of them come first. */
function move({ control, read, write }: Descriptors, [input, output]: readonly [number, number]): boolean {
  const above = Math.max(control, read, write, input, output) + 1
  const copies = [sys.dup(read, above), sys.dup(write, above)] as const
  for (const fd of new Set([control, read, write])) if (fd > 2) sys.close(fd)
  const moved = copies[0] >= 0 && copies[1] >= 0 && sys.dup2(copies[0], input) >= 0 && sys.dup2(copies[1], output) >= 0
  for (const fd of copies) if (fd >= 0) sys.close(fd)
  return moved
}
