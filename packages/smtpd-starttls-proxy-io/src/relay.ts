/** Carries bytes both ways between a client and a server until the server has said its last. */
import { EAGAIN, EINTR, exit, POLLIN, POLLOUT, sys } from '@moreqmail/unix'

const PIECE = 65536

/** Seconds that a client may take none of what it is sent: a server that gives it so many may be gone by then. */
const PATIENCE = 1200

/** One way of a relay. */
export interface Way {
  readonly from: number
  readonly to: number
  /** What has been read of it already. */
  readonly first: Uint8Array
}

/** A way with what is on it: the bytes from `start` to `end`. Once it has ended there is nothing on it. */
interface Flow {
  readonly from: number
  readonly to: number
  readonly buffer: Uint8Array
  start: number
  end: number
  ended: boolean
}

/**
 * Carries bytes until all that the server has said is with the client; then the program ends. The end of what the client
 * says is passed on. How long either side may be silent is for the server to judge.
 */
export function relay(toServer: Way, toClient: Way): never {
  const up = flow(toServer)
  const down = flow(toClient)
  const poll = new Int32Array(6)
  while (!down.ended) {
    prepare(up, poll, 0)
    prepare(down, poll, 3)
    const count = sys.poll(poll, 2, down.start < down.end ? PATIENCE * 1000 : -1)
    if (count === -EINTR) continue
    if (count <= 0) exit(1)
    if (poll[2] !== 0) step(up)
    if (poll[5] !== 0) step(down)
  }
  exit(0)
}

function flow({ from, to, first }: Way): Flow {
  const buffer = new Uint8Array(PIECE)
  buffer.set(first)
  return { from, to, buffer, start: 0, end: first.length, ended: false }
}

/** What a flow waits for: room if there is something on the way, else something. */
function prepare({ from, to, start, end, ended }: Flow, poll: Int32Array, at: number): void {
  const full = start < end
  poll[at] = ended ? -1 : full ? to : from
  poll[at + 1] = full ? POLLOUT : POLLIN
  poll[at + 2] = 0
}

/** Reads or writes once. What can't be written is lost, and so is what would come behind it. */
function step(flow: Flow): void {
  if (flow.start < flow.end) {
    const n = sys.writesome(flow.to, flow.buffer, flow.start, flow.end - flow.start)
    if (n >= 0) flow.start += n
    else if (n !== -EAGAIN) finish(flow)
    return
  }
  const n = sys.read(flow.from, flow.buffer, 0, flow.buffer.length)
  flow.start = 0
  flow.end = Math.max(0, n)
  if (n <= 0 && n !== -EAGAIN) finish(flow)
}

function finish(flow: Flow): void {
  flow.start = flow.end
  flow.ended = true
  sys.close(flow.to)
}
