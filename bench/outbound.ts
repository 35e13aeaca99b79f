/** What sending costs: a small message, a far server, many routes. */
import { join, resolve } from 'node:path'
import { sys } from '../packages/unix/src/index.ts'
import { type Command, interleave, listening, ratio, row, time } from './measure.ts'
import { BIN, env, put, text } from './scratch.ts'

const TRUE: Command = { argv: ['/bin/true'] }
const SIGTERM = 15

/** A server whose answers take so many milliseconds: its port, and how to end it. */
function server(delay: number): { readonly port: number; readonly stop: () => void } {
  const { pid, port } = listening({ argv: [process.execPath, resolve('build/bench/server.mjs'), String(delay)] })
  const stop = () => {
    sys.kill(pid, SIGTERM)
    sys.waitpid(pid, 0, new Int32Array(1))
  }
  return { port, stop }
}

function deliver(recipients: number): Command {
  const message = put('message.out', text(1000, '\n'))
  const to = Array.from({ length: recipients }, (_, i) => `user${i}@bench.example`)
  return { argv: [join(BIN, 'qmail-remote'), 'bench.example', 'a@x.example', ...to], env, files: { 0: message } }
}

function small(): void {
  const { port, stop } = server(0)
  const few = `bench.example:127.0.0.1:${port}\n`
  const many = Array.from({ length: 100_000 }, (_, i) => `host${i}.example:relay.example\n`).join('') + few
  put('control/smtproutes', few)
  const [base = 0, one = 0] = interleave(
    25,
    () => time(TRUE),
    () => time(deliver(1)),
  )
  row('qmail-remote, a small message on loopback', ratio(one, base), '12 x /bin/true + 2 ms')
  const routes = (content: string) => () => {
    put('control/smtproutes', content)
    return time(deliver(1))
  }
  const [short = 0, long = 0] = interleave(9, routes(few), routes(many))
  row('qmail-remote, 100,000 lines of smtproutes', `+${(long - short).toFixed(1)} ms`, '+10 ms')
  stop()
}

function far(): void {
  const { port, stop } = server(50)
  put('control/smtproutes', `bench.example:127.0.0.1:${port}\n`)
  const [one = 0, twenty = 0] = interleave(
    3,
    () => time(deliver(1)),
    () => time(deliver(20)),
  )
  row('qmail-remote, 50 ms away, 1 and 20 recipients', `${one.toFixed(0)} ms, ${twenty.toFixed(0)} ms`, '5 round trips')
  stop()
}

export function outbound(): void {
  small()
  far()
}
