/** What TLS costs, beside openssl as the same side of the same connection. */
import { resolve } from 'node:path'
import { sys } from '../packages/unix/src/index.ts'
import { begin, end, interleave, pipe, row, time } from './measure.ts'
import { BIN, home, put, text } from './scratch.ts'

const MIB = 1 << 20
const SIZE = 64 * MIB
const SIGTERM = 15
const CERTIFICATE = resolve('test/cases/tls/mx.pem')
const ENV = [`PATH=${BIN}:/usr/bin:/bin`, `CERTFILE=${CERTIFICATE}`, 'SSL_UID=65534', 'SSL_GID=65534']
/** Seconds of one handshake after the other. */
const SPAN = 1

interface Server {
  readonly pid: number
  readonly port: number
  /** What reads the rest that it says. */
  readonly reader: number
}

/** A command of the shell's, in the home. */
const shell = (script: string) => ({ argv: ['/bin/sh', '-c', `cd ${home} && ${script}`], env: ENV })

/** A server that says its port on descriptor 1, as a line or as openssl does. */
function serve(script: string): Server {
  const [said, output] = pipe()
  const pid = begin({ ...shell(`exec ${script}`), fds: { 1: output } })
  sys.close(output)
  const buffer = new Uint8Array(4096)
  let port: string | undefined
  for (let all = ''; port === undefined; ) {
    const n = sys.read(said, buffer, 0, buffer.length)
    if (n <= 0) throw new Error(`no server: ${script}`)
    all += Buffer.from(buffer.subarray(0, n)).toString()
    port = /^(?:ACCEPT .*:)?(\d+)$/m.exec(all)?.[1]
  }
  const reader = begin({ ...shell('exec cat'), fds: { 0: said } })
  sys.close(said)
  return { pid, port: Number(port), reader }
}

/** Ours: a program for each connection that sends the file it is asked for, by the first line. */
const ours = () => serve(`sslserver -1RHl0 -c100 127.0.0.1 0 sh -c 'read -r get file rest && cat ".$file"'`)

/** Openssl's: it sends files to those who ask for them as for web pages. */
const openssl = () => serve(`openssl s_server -accept 127.0.0.1:0 -cert ${CERTIFICATE} -key ${CERTIFICATE} -WWW 2>&1`)

function stop({ pid, reader }: Server): void {
  sys.kill(pid, SIGTERM)
  sys.waitpid(pid, 0, new Int32Array(1))
  end(reader)
}

/** Handshakes in a second, `clients` at a time. */
function handshakes({ port }: Server, clients: number): number {
  const out = Array.from({ length: clients }, (_, i) => put(`s_time.${i}`, ''))
  const script = `openssl s_time -connect 127.0.0.1:${port} -new -time ${SPAN}`
  const began = sys.clock(1)
  const pids = out.map((path) => begin({ ...shell(script), files: { 1: path } }))
  for (const pid of pids) end(pid)
  const seconds = (sys.clock(1) - began) / 1000
  const counts = out.map((path) => {
    const said = sys.slurp(path, MIB)
    return Number(
      /(\d+) connections in \d+ real/.exec(typeof said === 'number' ? '' : Buffer.from(said).toString())?.[1],
    )
  })
  return counts.reduce((sum, count) => sum + count, 0) / seconds
}

/** Clients that ask a server for a file and read it to the end. */
const GET = `printf 'GET /%s HTTP/1.0\\r\\n\\r\\n'`
const s_client = (port: number, file: string) =>
  shell(`${GET} ${file} | openssl s_client -connect 127.0.0.1:${port} -quiet -ign_eof | cat >/dev/null`)
const tlsc = (port: number, file: string) =>
  shell(
    `exec tcpclient -RHl0 127.0.0.1 ${port} tlsc --no-verify-cert sh -c "${GET.replaceAll('\\', '\\\\')} ${file} >&7; cat <&6 >/dev/null"`,
  )

export function tls(): void {
  const missing = new Int32Array(1)
  sys.waitpid(begin(shell('command -v openssl')), 0, missing)
  if (missing[0] !== 0) {
    row('TLS', 'not measured', 'needs openssl')
    return
  }
  put('big', text(SIZE, '\n'))
  put('small', text(100, '\n'))
  const [theirs, mine] = [openssl(), ours()]
  for (const clients of [1, 4]) {
    const [base = 0, figure = 0] = interleave(
      3,
      () => handshakes(theirs, clients),
      () => handshakes(mine, clients),
    )
    const figures = `${figure.toFixed(0)} a second (s_server: ${base.toFixed(0)})`
    row(`sslserver: handshakes, ${clients} at a time`, figures, `${(figure / base).toFixed(2)} x`)
  }
  const pairs = [
    ['s_client from s_server', s_client, theirs],
    ['s_client from sslserver', s_client, mine],
    ['tlsc from s_server', tlsc, theirs],
    ['tlsc from sslserver', tlsc, mine],
  ] as const
  const times = interleave(
    5,
    ...pairs.flatMap(([, client, { port }]) => [() => time(client(port, 'big')), () => time(client(port, 'small'))]),
  )
  const rates = pairs.map((_, i) => SIZE / 1e6 / (((times[2 * i] ?? 0) - (times[2 * i + 1] ?? 0)) / 1000))
  for (const [i, [what]] of pairs.entries())
    row(`${what}, 64 MiB`, `${rates[i]?.toFixed(0)} MB/s`, `${((rates[i] ?? 0) / (rates[0] ?? 0)).toFixed(2)} x`)
  stop(theirs)
  stop(mine)
}
