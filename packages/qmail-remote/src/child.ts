/** Running a program that sends the message for us: all it writes comes to us, and nothing of it to our own output. */
import { type Environment, type Errno, latin1, now, POLLIN, SIGKILL, spawn, statusOf, sys } from '@moreqmail/unix'
import type { Ended } from './outcome.ts'
import { examineReport } from './report.ts'

/** So much of what it writes to descriptor 2 is kept. */
const MOST_ERRORS = 8192
/** Milliseconds between looks whether it has ended while something that it has started keeps its output open. */
const LOOK = 1000
/** The same while the report may be complete. */
const LOOK_SOON = 20

export interface Child {
  readonly argv: readonly string[]
  readonly env: Environment
  /** Our descriptor that it has as 6 and 7, and that is closed here; undefined: none. */
  readonly connection?: number
  /** Bytes of output; a child that writes more is killed. */
  readonly most: number
}

/**
 * Runs the program, with our descriptor 0, until it has ended or its report is complete. A negative errno if it can't be
 * run, undefined if there is no way to try. If what it has written is no report, it is killed with all it has started.
 */
export function runChild({ argv, env, connection, most }: Child): Ended | Errno | undefined {
  const began = now()
  const output = sys.pipe()
  const errors = sys.pipe()
  const ours = [output, errors, connection ?? []].flat().filter((fd) => fd >= 0)
  let ended: Ended | Errno | undefined
  if (typeof output !== 'number' && typeof errors !== 'number') {
    const network = connection === undefined ? [] : ([6, 7] as const).map((fd) => [fd, connection] as const)
    const pid = spawn(argv, { env, fds: [...network, [1, output[1]], [2, errors[1]]], group: true })
    for (const fd of [output[1], errors[1], connection ?? []].flat()) sys.close(fd)
    ours.splice(0, ours.length, output[0], errors[0])
    ended = pid < 0 ? pid : watch(pid, output[0], errors[0], most, began)
  }
  for (const fd of ours) sys.close(fd)
  return ended
}

function watch(pid: number, outputFd: number, errorsFd: number, most: number, began: number): Ended {
  let output = ''
  let errors = ''
  let saidTimedOut = false
  let gone = false
  const status = new Int32Array(1)
  const polled = Int32Array.of(outputFd, POLLIN, 0, errorsFd, POLLIN, 0)
  const buffer = new Uint8Array(65536)

  /** What there is to read from the descriptor at this place of `polled`, which is taken off at its end. */
  function take(at: 0 | 3): string {
    if (polled[at + 2] === 0) return ''
    const n = sys.read(polled[at] as number, buffer, 0, buffer.length)
    if (n <= 0) polled[at] = -1
    return latin1(buffer, 0, Math.max(0, n))
  }

  for (;;) {
    const ready = sys.poll(polled, 2, gone ? 0 : output.endsWith('\0') ? LOOK_SOON : LOOK)
    output += take(0)
    const more = take(3)
    saidTimedOut ||= /timed out/i.test(errors.slice(-8) + more)
    errors = (errors + more).slice(-MOST_ERRORS)
    const [outputOpen, errorsOpen] = [polled[0] !== -1, polled[3] !== -1]
    const complete = !outputOpen && (!errorsOpen || examineReport(output).whole)
    if (complete || output.length > most || (gone && ready === 0)) break
    gone ||= sys.waitpid(pid, 1, status) !== 0
  }
  const { whole } = examineReport(output)
  if (output !== '' && !whole) sys.kill(-pid, SIGKILL)
  // Nothing depends on how the writer of a whole report ends.
  if (!gone) sys.waitpid(pid, whole ? 1 : 0, status)
  return { output, errors, saidTimedOut, code: statusOf(status[0] as number).code, seconds: (now() - began) / 1000 }
}
