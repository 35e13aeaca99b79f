/** qmail-logjson: turns log lines into lines of JSON. */
import { args, errorText, exit, fatal, SIGTERM, spawn, sys, wait } from '@moreqmail/unix'
import { Input } from './input.ts'
import { makeLogger } from './logger.ts'
import { Output, type WriteFailure } from './output.ts'

export const synopsis = 'qmail-logjson [ prog ]'

const TROUBLE = 111
/** What shells make of a signal. */
const SIGNALLED = 128

export function main(): never {
  const signals = sys.sigpipe(Int32Array.of(SIGTERM))
  if (signals < 0) fatal(TROUBLE, 'unable to catch signals', signals)
  const prog = args()
  const reader = prog.length > 0 ? startReader(prog) : undefined
  const output = new Output({ fd: reader?.fd ?? 1, signals, failed: unwritten })
  const waiting = (): boolean => {
    output.flush()
    return output.wait()
  }
  const input = new Input({ waiting, failed: (errno) => fatal(TROUBLE, 'unable to read', errno) })
  const log = makeLogger((json) => output.puts(json))
  for (let piece = input.next(); piece !== undefined; piece = input.next()) log(piece)
  output.flush()
  if (reader === undefined) exit(0)
  sys.close(reader.fd)
  const status = wait(reader.pid)
  if (typeof status === 'number') fatal(TROUBLE, 'unable to wait', status)
  exit(status.signal > 0 ? SIGNALLED + status.signal : status.code)
}

/** Starts the program that reads what we write: its pid, and where to write. */
function startReader(prog: readonly string[]): { pid: number; fd: number } {
  const pipe = sys.pipe()
  if (typeof pipe === 'number') fatal(TROUBLE, 'unable to make a pipe', pipe)
  const [from, to] = pipe
  const pid = spawn(prog, { fds: [[0, from]] })
  if (pid < 0) fatal(TROUBLE, `unable to run ${prog[0]}`, pid)
  sys.close(from)
  return { pid, fd: to }
}

function unwritten(why: WriteFailure): never {
  const reason = why === 'stuck' ? 'nobody reads' : errorText(why)
  return fatal(TROUBLE, `unable to write, lines are lost: ${reason}`)
}
