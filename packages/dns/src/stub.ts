/** The stub resolver: all questions of a set at once, in one poll loop. */
import { EINTR, env, now, sys } from '@moreqmail/unix'
import { type Answer, isTemporary, type Question, type RecordType } from './answer.ts'
import { Asking } from './asking.ts'
import { type Server, serversFrom } from './servers.ts'

const RESOLV_CONF = '/etc/resolv.conf'
const LONGEST_RESOLV_CONF = 65536
/** How many questions of a set are on their way at once, each with a descriptor; the others wait. */
const MOST_AT_ONCE = 100
/** More than what we ask for by EDNS, for servers that do not care. */
const DATAGRAM_SIZE = 4096

export interface StubOptions {
  /** Those of `systemServers()` unless given. */
  readonly servers?: readonly Server[]
  /** For all that is asked, from now on; 0: only the limit of each question, 20 seconds. */
  readonly seconds?: number
}

/** Both functions wait for the answers and never throw; what has gone wrong is in the status. */
export interface Stub {
  /** The answers to the questions, in their order. They are all asked at once; the same question only once. */
  resolve<T extends RecordType>(questions: ReadonlyArray<Question<T>>): ReadonlyArray<Answer<T>>
  /** The answer to one question: a `Resolver`. */
  lookup<T extends RecordType>(name: string, type: T): Answer<T>
}

/** The servers of the environment's DNSCACHEIP, else those of /etc/resolv.conf, else 127.0.0.1. */
export function systemServers(): readonly Server[] {
  return serversFrom(env('DNSCACHEIP'), () => {
    const file = sys.slurp(RESOLV_CONF, LONGEST_RESOLV_CONF)
    return typeof file === 'number' ? '' : sys.latin1(file, 0, file.length)
  })
}

/** A resolver that remembers which server answers, and nothing else. */
export function stubResolver(options: StubOptions = {}): Stub {
  const end = options.seconds ? now() + options.seconds * 1000 : Number.POSITIVE_INFINITY
  let servers = options.servers ?? systemServers()

  function finish(askings: ReadonlyArray<Asking<RecordType>>): void {
    askAll(askings)
    const able = askings.findLast(({ answer }) => !isTemporary(answer))?.server
    if (able !== undefined) servers = [able, ...servers.filter((server) => server !== able)]
  }

  function resolve<T extends RecordType>(questions: ReadonlyArray<Question<T>>): ReadonlyArray<Answer<T>> {
    const askings = new Map<string, Asking<T>>()
    const each = questions.map(({ name, type }) => {
      const key = `${type} ${name}`
      const asking = askings.get(key) ?? new Asking(name, type, servers, end)
      askings.set(key, asking)
      return asking
    })
    finish([...askings.values()])
    return each.map(({ answer }) => answer)
  }

  function lookup<T extends RecordType>(name: string, type: T): Answer<T> {
    const asking = new Asking(name, type, servers, end)
    finish([asking])
    return asking.answer
  }

  return { resolve, lookup }
}

/** Brings all of them to their ends. */
function askAll(askings: ReadonlyArray<Asking<RecordType>>): void {
  const buffer = new Uint8Array(DATAGRAM_SIZE)
  const polled = new Int32Array(3 * Math.min(askings.length, MOST_AT_ONCE))
  let running: ReadonlyArray<Asking<RecordType>> = []
  let next = 0
  for (;;) {
    const more = askings.slice(next, next + MOST_AT_ONCE - running.length)
    next += more.length
    for (const asking of more) asking.start()
    running = [...running, ...more].filter(({ done }) => !done)
    if (running.length === 0 && next === askings.length) return
    if (running.length === 0) continue
    // poll takes no more entries than there may be descriptors.
    const open = running.filter(({ fd }) => fd >= 0)
    for (const [i, { fd, events }] of open.entries()) {
      polled[3 * i] = fd
      polled[3 * i + 1] = events
    }
    const soonest = Math.min(...running.map(({ until }) => until))
    const count = sys.poll(polled, open.length, Math.max(0, Math.ceil(soonest - now())))
    const time = now()
    for (const [i, asking] of open.entries()) {
      if (count > 0 && polled[3 * i + 2] !== 0) asking.advance(buffer)
      if (count < 0 && count !== -EINTR) asking.giveUp()
    }
    for (const asking of running) if (!asking.done && time >= asking.until) asking.late()
  }
}
