/** What the listener starts: a child for a connection, and at its own start a test of its certificate. */
import {
  type Assignment,
  closeEnds,
  lendPassword,
  openChannels,
  readPassword,
  spawnTest,
  tlsEnvironment,
} from '@moreqmail/tls'
import { type Accepted, failed, type Verbosity } from '@moreqmail/ucspi'
import { EBUSY, exit, fork, spawnSelf, sys, wait } from '@moreqmail/unix'
import { ENDS } from './connection.ts'
import type { Sessions } from './sessions.ts'

const PASSWORD = 3
const TROUBLE = 111

/** The password of the key; none ends the program. */
export function keyPassword(verbosity: Verbosity): Uint8Array {
  const password = readPassword(PASSWORD)
  return typeof password === 'number' ? failed(verbosity, 'unable to read password', password) : password
}

/** Ends the program if the certificate is no good. Its key is not read here: programs' processes are forks of this one. */
export function testCertificate(assignment: Assignment, password: Uint8Array | undefined, verbosity: Verbosity): void {
  const lent = password && lendPassword(password)
  const pid = spawnTest(assignment, lent, tlsEnvironment())
  if (lent !== undefined) sys.close(lent)
  const status = pid < 0 ? pid : wait(pid)
  if (typeof status === 'number') failed(verbosity, 'unable to start TLS', status)
  if (status.raw !== 0) exit(TROUBLE)
}

/** Hands a connection to a child, which goes on with `serve` or with the words: its pid, or a negative errno. */
export function startChild(
  { socket, ip }: Accepted,
  sessions: Sessions,
  serve: () => never,
  words: readonly string[],
): number {
  const channels = openChannels()
  if (typeof channels === 'number') return channels
  const { near, far } = channels
  const kept = sys.dup(socket, 3)
  const fds = [
    [0, socket],
    [1, socket],
    [ENDS.control, near.control],
    [ENDS.read, near.read],
    [ENDS.write, near.write],
  ] as const
  const forked = kept < 0 ? kept : fork(fds)
  if (forked === 0) serve()
  const pid = forked === -EBUSY ? spawnSelf(words, { fds }) : forked
  closeEnds(near)
  if (pid > 0) sessions.add(pid, ip, kept, far)
  else {
    closeEnds(far)
    if (kept >= 0) sys.close(kept)
  }
  return pid
}
