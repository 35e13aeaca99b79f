/** Has checkpassword see whether a login is good; if it is, what it runs serves the client before this returns. */
import { EAGAIN, environment, latin1, POLLOUT, ready, spawn, sys, wait } from '@moreqmail/unix'
import { type Credentials, checkpasswordInput, wipe } from './credentials.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** Where checkpassword reads. */
const CREDENTIALS_FD = 3

/**
 * Runs prog with the credentials, which are overwritten, and waits for its end. `started` is told its pid. All that it
 * inherits of ours is descriptors, environment and directory: the credentials go through a pipe, usually before it
 * starts, so that there is no copy of them in a child that is a fork of this process.
 */
export function logIn(
  prog: readonly string[],
  credentials: Credentials,
  timestamp: string,
  started: (pid: number, name: string) => void,
): Verdict {
  const name = latin1(credentials.name)
  const input = checkpasswordInput(credentials, timestamp)
  wipe(credentials)
  const verdict = run(prog, name, input, (pid) => started(pid, name))
  input.fill(0)
  return verdict
}

function run(prog: readonly string[], name: string, input: Uint8Array, started: (pid: number) => void): Verdict {
  const pipe = sys.pipe()
  if (typeof pipe === 'number') return { fault: 'pipe' }
  const [reading, writing] = pipe
  sys.nonblock(writing, 1)
  const written = fill(writing, input, 0)
  if (written === input.length) input.fill(0)
  const env = environment().with({ AUTHUP_USER: name })
  const pid = written < 0 ? -1 : spawn(prog, { env, fds: [[CREDENTIALS_FD, reading]] })
  sys.close(reading)
  if (pid > 0) {
    started(pid)
    feed(writing, input, written)
  }
  sys.close(writing)
  if (pid < 0) return { fault: written < 0 ? 'write' : 'fork' }
  const status = wait(pid)
  return typeof status === 'number' ? { fault: 'wait' } : verdictOf(status)
}

/** Writes as much as goes without waiting: up to where, or a negative errno. */
function fill(fd: number, input: Uint8Array, from: number): number {
  let at = from
  while (at < input.length) {
    const n = sys.write(fd, input, at, input.length - at)
    if (n === -EAGAIN) return at
    if (n < 0) return n
    at += n
  }
  return at
}

/** Writes the rest as it is read. A child that doesn't read it all is judged by its exit code like any other. */
function feed(fd: number, input: Uint8Array, from: number): void {
  for (let at = from; at >= 0 && at < input.length; at = fill(fd, input, at))
    ready(fd, POLLOUT, Number.POSITIVE_INFINITY)
}
