/** What a connection to our listener costs. */
import { join } from 'node:path'
import { sys } from '../packages/unix/src/index.ts'
import { type Command, end, interleave, kilobytes, listening, median, ratio, row, time } from './measure.ts'
import { BIN, env } from './scratch.ts'

const TRUE: Command = { argv: ['/bin/true'] }
const SIGTERM = 15

/** Starts tcpserver with qmail-smtpd on a free port. */
function listen(): { readonly pid: number; readonly port: number } {
  const argv = [join(BIN, 'tcpserver'), '-1RHl0', '-c600', '-b600', '127.0.0.1', '0', join(BIN, 'qmail-smtpd')]
  return listening({ argv, env })
}

/** A connection that has been greeted. */
function connect(port: number): number {
  const fd = sys.socket(4, 0)
  if (sys.connect(fd, '127.0.0.1', port) < 0) throw new Error('not connected')
  const buffer = new Uint8Array(256)
  if (sys.read(fd, buffer, 0, buffer.length) <= 0) throw new Error('no greeting')
  return fd
}

function greeting(port: number): number {
  const began = sys.clock(1)
  const fd = connect(port)
  const took = sys.clock(1) - began
  const quit = Buffer.from('QUIT\r\n')
  sys.write(fd, quit, 0, quit.length)
  const buffer = new Uint8Array(256)
  while (sys.read(fd, buffer, 0, buffer.length) > 0);
  sys.close(fd)
  return took
}

/** PSS of each of so many connections that wait. */
function idle(port: number, count: number, listener: number): string {
  const fds = Array.from({ length: count }, () => connect(port))
  const children = sys.slurp(`/proc/${listener}/task/${listener}/children`, 1 << 16)
  const pids = typeof children === 'number' ? [] : Buffer.from(children).toString().trim().split(' ').map(Number)
  const pss = median(pids.map((pid) => kilobytes(pid, 'smaps_rollup', 'Pss')))
  for (const fd of fds) sys.close(fd)
  return `${(pss / 1024).toFixed(2)} MB`
}

export function listener(): void {
  const { pid, port } = listen()
  const [base = 0, greeted = 0] = interleave(
    60,
    () => time(TRUE),
    () => greeting(port),
  )
  row('tcpserver: connection to greeting of qmail-smtpd', ratio(greeted, base), '2 x /bin/true')
  row('PSS of each of 50 idle connections', idle(port, 50, pid), '1 MB')
  row('PSS of each of 500 idle connections', idle(port, 500, pid), '1 MB')
  const began = sys.clock(1)
  for (let i = 0; i < 1000; i++) greeting(port)
  row('1,000 connections in a row', `${((sys.clock(1) - began) / 1000).toFixed(2)} ms each`, 'no error')
  sys.kill(pid, SIGTERM)
  end(pid)
}
