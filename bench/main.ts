/** The cost budget: prints each figure beside what it may be. */
import { writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { sys } from '../packages/unix/src/index.ts'
import { filters } from './filters.ts'
import { inbound } from './inbound.ts'
import { listener } from './listener.ts'
import { begin, type Command, end, interleave, kilobytes, median, pipe, ratio, row, time } from './measure.ts'
import { outbound } from './outbound.ts'
import { BIN, env, home, PROBE, put, session, text } from './scratch.ts'
import { submission } from './submission.ts'
import { tls } from './tls.ts'

const MIB = 1 << 20
const TRUE: Command = { argv: ['/bin/true'] }

function startUp(): void {
  const quit = put('quit', 'QUIT\r\n')
  const [base = 0, tool = 0, smtpd = 0] = interleave(
    60,
    () => time(TRUE),
    () => time({ argv: [join(BIN, 'checknotroot')] }, 1),
    () => time({ argv: [join(BIN, 'qmail-smtpd')], env, files: { 0: quit } }),
  )
  row('start to exit: checknotroot', ratio(tool, base), '6 x /bin/true')
  row('start to exit: qmail-smtpd, QUIT', ratio(smtpd, base), '6 x /bin/true')
}

/** Programs of the probe that run children; they measure by themselves, so the start is not in it. */
function forks(): void {
  put('bin/.keep', '')
  for (const name of ['many', 'true']) sys.symlink(PROBE, join(home, 'bin', name))
  const each = (prog: string) => () => {
    const out = put('out', '')
    end(begin({ argv: [join(home, 'bin/many'), '60', '1', prog], env: ['PATH=/bin'], files: { 1: out } }))
    const said = sys.slurp(out, 1000)
    return Number(/each ([\d.]+)/.exec(typeof said === 'number' ? '' : Buffer.from(said).toString())?.[1])
  }
  const [c = 0, ours = 0] = interleave(15, each('/bin/true'), each(join(home, 'bin/true')))
  row('one of ours run by another of ours', ratio(ours, c), '1 x /bin/true')
}

function idle(): void {
  const instances = 50
  const running = Array.from({ length: instances }, () => {
    const [input, feed] = pipe()
    const pid = begin({ argv: [join(BIN, 'qmail-smtpd')], env, fds: { 0: input } })
    sys.close(input)
    return { pid, feed }
  })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  const pss = median(running.map(({ pid }) => kilobytes(pid, 'smaps_rollup', 'Pss')))
  const threads = Math.max(...running.map(({ pid }) => Number(/\d+/.exec(threadsOf(pid))?.[0])))
  for (const { pid, feed } of running) {
    sys.close(feed)
    end(pid, 1)
  }
  row(
    `qmail-smtpd idle, ${instances} of them: PSS each`,
    `${(pss / 1024).toFixed(2)} MB, ${threads} thread`,
    '3 MB, 1 thread',
  )
}

function threadsOf(pid: number): string {
  const bytes = sys.slurp(`/proc/${pid}/status`, 10000)
  return /^Threads:\s+(\d+)$/m.exec(typeof bytes === 'number' ? '' : Buffer.from(bytes).toString())?.[1] ?? '?'
}

/** MB/s of a message of 20 MiB, what a small one costs taken off; and of cat, for the machine. */
function throughput(): void {
  const size = 20 * MIB
  const file = put('big.in', session(text(size, '\r\n')))
  const small = put('small.in', session(text(100, '\r\n')))
  const [pipeline = 0, big = 0, little = 0] = interleave(
    7,
    () => time({ argv: ['/bin/sh', '-c', `cat ${file} | cat >/dev/null`] }),
    () => time({ argv: [join(BIN, 'qmail-smtpd')], env, files: { 0: file } }),
    () => time({ argv: [join(BIN, 'qmail-smtpd')], env, files: { 0: small } }),
  )
  const rate = (ms: number) => size / 1e6 / (ms / 1e3)
  const speed = (ms: number) => `${rate(ms).toFixed(0)} MB/s (cat | cat: ${rate(pipeline).toFixed(0)})`
  row('qmail-smtpd, 20 MiB into a cat >/dev/null queue', speed(big - little), '120 MB/s')

  const message = put('big.out', text(size, '\n'))
  const tiny = put('small.out', text(100, '\n'))
  const deliver = (path: string) => () => {
    const [fromSink, toClient] = pipe()
    const [fromClient, toSink] = pipe()
    const sink = begin({
      argv: [process.execPath, resolve('build/bench/sink.mjs')],
      fds: { 6: fromClient, 7: toClient },
    })
    sys.close(fromClient)
    sys.close(toClient)
    const greeting = new Uint8Array(1)
    // The sink is up once its greeting can be read.
    sys.poll(Int32Array.from([fromSink, 1, 0]), 1, 10000)
    const began = sys.clock(1)
    const argv = [join(BIN, 'qmail-smtpc'), 'sink.example', 'a@x.example', 'b@y.example']
    const client = begin({ argv, env, files: { 0: path }, fds: { 6: fromSink, 7: toSink } })
    end(client)
    const took = sys.clock(1) - began
    sys.close(fromSink)
    sys.close(toSink)
    end(sink)
    return greeting.length > 0 ? took : 0
  }
  const [delivered = 0, first = 0] = interleave(7, deliver(message), deliver(tiny))
  row('qmail-smtpc, 20 MiB', speed(delivered - first), '200 MB/s')
}

/** Peak memory after a message of that size, asked while the program waits for the next command. */
function peak(size: number): number {
  const [input, feed] = pipe()
  const out = put('peak', '')
  const pid = begin({ argv: [join(BIN, 'qmail-smtpd')], env, files: { 1: out }, fds: { 0: input } })
  sys.close(input)
  const piece = text(MIB, '\r\n')
  const all = session(new Uint8Array(0))
  const quit = 'QUIT\r\n'.length
  const dot = '.\r\n'.length
  writeSync(feed, all, 0, all.length - quit - dot)
  for (let left = size; left > 0; left -= piece.length) {
    for (let at = 0; at < piece.length; ) at += writeSync(feed, piece, at)
  }
  writeSync(feed, '.\r\n')
  for (;;) {
    const said = sys.slurp(out, 10000)
    if (typeof said !== 'number' && Buffer.from(said).includes('250 ok 1')) break
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  }
  const high = kilobytes(pid, 'status', 'VmHWM')
  writeSync(feed, 'QUIT\r\n')
  sys.close(feed)
  end(pid)
  return high / 1024
}

startUp()
forks()
idle()
throughput()
const [low, high] = [peak(20 * MIB), peak(1000 * MIB)]
row('qmail-smtpd, peak RSS after 20 MiB and after 1 GB', `${low.toFixed(0)} MB, ${high.toFixed(0)} MB`, 'flat')
inbound()
submission()
listener()
outbound()
filters()
tls()
