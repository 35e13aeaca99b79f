/** Running a queue program: the message goes to its descriptor 0, the envelope to 1, its error text comes from 6. */
import {
  EAGAIN,
  ENOMEM,
  type Environment,
  environment,
  POLLIN,
  POLLOUT,
  type Status,
  spawn,
  statusOf,
  sys,
  wait,
} from '@moreqmail/unix'
import type { Envelope } from './envelope.ts'
import { CANNOT_RUN, MAX_CUSTOM, type QueueEnd } from './reply.ts'

/** A program that keeps descriptor 6 open is asked for its end after so many milliseconds, later less often. */
const FIRST_WAIT = 10
const LONGEST_WAIT = 250

/** Recipients are written in pieces of about so many bytes. */
const PIECE = 65536

/** The end of a program that could not be run. */
const NOT_RUN: QueueEnd = { code: CANNOT_RUN, cut: false, custom: new Uint8Array(0) }

/** A running queue program. What it does not read is dropped; there is no limit of time. */
export class QueueRun {
  /** Its process id; 0 if it could not be run, which shows in its end. */
  readonly pid: number
  #message: number
  #envelope: number
  #errors: number
  readonly #custom = new Uint8Array(MAX_CUSTOM)
  readonly #surplus = new Uint8Array(4096)
  readonly #poll = new Int32Array(6)
  #collected = 0
  #cut = false

  constructor(pid: number, message: number, envelope: number, errors: number) {
    this.pid = pid
    this.#message = message
    this.#envelope = envelope
    this.#errors = errors
  }

  /** The next bytes of the message. */
  put(from: Uint8Array, start = 0, end = from.length): void {
    this.#write(this.#message, from, start, end)
  }

  /** The next bytes of the message, as a byte string. */
  puts(text: string): void {
    this.put(encoded(text))
  }

  /** Ends the message, hands over the envelope and waits for the program. */
  finish({ sender, recipients }: Envelope): QueueEnd {
    this.#message = closed(this.#message)
    let piece = `F${sender}\0`
    for (const recipient of recipients) {
      piece += `T${recipient}\0`
      if (piece.length < PIECE) continue
      this.#putEnvelope(piece)
      piece = ''
    }
    this.#putEnvelope(`${piece}\0`)
    return this.#end()
  }

  /** Ends everything without an envelope, so that the program takes nothing, and waits for it. */
  abandon(): void {
    this.#message = closed(this.#message)
    this.#end()
  }

  #putEnvelope(piece: string): void {
    this.#write(this.#envelope, encoded(piece), 0, piece.length)
  }

  #write(fd: number, from: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end && fd >= 0 && !this.#cut) {
      const n = sys.write(fd, from, at, end - at)
      if (n >= 0) at += n
      else if (n === -EAGAIN) this.#waitForRoom(fd)
      else this.#cut = true
    }
  }

  /** The program may be writing an error text before it reads on: that is taken meanwhile. */
  #waitForRoom(fd: number): void {
    const poll = this.#poll
    poll[0] = fd
    poll[1] = POLLOUT
    poll[3] = this.#errors
    poll[4] = POLLIN
    poll[5] = 0
    if (sys.poll(poll, 2, -1) > 0 && poll[5] !== 0) this.#collect()
  }

  /** Takes what there is of the error text. */
  #collect(): void {
    const room = MAX_CUSTOM - this.#collected
    const n =
      room > 0
        ? sys.read(this.#errors, this.#custom, this.#collected, room)
        : sys.read(this.#errors, this.#surplus, 0, this.#surplus.length)
    if (n <= 0) this.#errors = closed(this.#errors)
    else if (room > 0) this.#collected += n
  }

  #errorsReady(ms: number): boolean {
    this.#poll[0] = this.#errors
    this.#poll[1] = POLLIN
    return sys.poll(this.#poll, 1, ms) > 0
  }

  /** Waits for the end of the error text or of the program, whichever is first, and then for the program. */
  #end(): QueueEnd {
    this.#envelope = closed(this.#envelope)
    if (this.pid === 0) return NOT_RUN
    let ms = FIRST_WAIT
    while (this.#errors >= 0) {
      const ready = this.#errorsReady(ms)
      if (ready) this.#collect()
      if (ready && this.#collected < MAX_CUSTOM) continue
      const status = waitNow(this.pid)
      if (status !== undefined) return this.#ended(status)
      ms = Math.min(2 * ms, LONGEST_WAIT)
    }
    const status = wait(this.pid)
    return this.#ended(typeof status === 'number' ? 'lost' : status)
  }

  #ended(status: Status | 'lost'): QueueEnd {
    while (this.#errors >= 0 && this.#collected < MAX_CUSTOM && this.#errorsReady(0)) this.#collect()
    this.#errors = closed(this.#errors)
    const code = status === 'lost' ? 'lost' : status.signal !== 0 ? 'crashed' : status.code
    return { code, cut: this.#cut, custom: this.#custom.subarray(0, this.#collected) }
  }
}

function encoded(text: string): Uint8Array {
  const room = new Uint8Array(text.length)
  sys.encode(text, room, 0, room.length)
  return room
}

/** Closes a descriptor that may be none (-1): -1, for its place. */
function closed(fd: number): -1 {
  if (fd >= 0) sys.close(fd)
  return -1
}

/** How the child has ended, if it has. */
function waitNow(pid: number): Status | 'lost' | undefined {
  const status = new Int32Array(1)
  const result = sys.waitpid(pid, 1, status)
  if (result === 0) return undefined
  return result < 0 ? 'lost' : statusOf(status[0] ?? 0)
}

/**
 * Starts $QMAILQUEUE, else bin/qmail-queue, by its path relative to the working directory, which is the qmail home.
 * Undefined if there are no pipes or no process to be had.
 */
export function startQueue(env: Environment = environment()): QueueRun | undefined {
  const name = env.get('QMAILQUEUE') ?? 'bin/qmail-queue'
  const pipes = [sys.pipe(), sys.pipe(), sys.pipe()]
  const [message, envelope, errors] = pipes
  const close = (fds: readonly number[]): void => fds.forEach(closed)
  if (!Array.isArray(message) || !Array.isArray(envelope) || !Array.isArray(errors)) {
    close(pipes.flatMap((pipe) => (Array.isArray(pipe) ? pipe : [])))
    return undefined
  }
  const theirs = [message[0], envelope[0], errors[1]] as const
  const ours = [message[1], envelope[1], errors[0]] as const
  const pid = spawn([name], {
    path: name,
    env,
    fds: [
      [0, theirs[0]],
      [1, theirs[1]],
      [6, theirs[2]],
    ],
  })
  close(theirs)
  if (pid < 0) {
    close(ours)
    return pid === -EAGAIN || pid === -ENOMEM ? undefined : new QueueRun(0, -1, -1, -1)
  }
  sys.nonblock(ours[0], 1)
  sys.nonblock(ours[1], 1)
  return new QueueRun(pid, ...ours)
}
