/** The lines that tcpserver and its kin write to their log. Pure. */
import { splitScope } from './address.ts'
import type { Connection } from './variables.ts'

const LONGEST = 100

/** A field between colons: nothing in it can be taken for the end of it, nor of the line. */
function field(text: string | undefined): string {
  if (text === undefined) return ''
  const safe = text.replace(/[^!-~]|[%:]/g, '?')
  return safe.length > LONGEST ? `${safe.slice(0, LONGEST)}...` : safe
}

/** An address as the system writes it: its colons stay, an interface is left out. */
function address(ip: string): string {
  return splitScope(ip)[0]
}

/** How many connections there are, of how many there may be. */
export function statusLine(count: number, limit: number): string {
  return `status: ${count}/${limit}`
}

/** A new connection. */
export function pidLine(pid: number, ip: string): string {
  return `pid ${pid} from ${address(ip)}`
}

/** The decision about a connection. */
export function verdictLine(denied: boolean, pid: number, { local, remote, info }: Connection): string {
  const ours = `${field(local.host)}:${address(local.ip)}:${local.port}`
  const theirs = `${field(remote.host)}:${address(remote.ip)}:${field(info)}:${remote.port}`
  return `${denied ? 'deny' : 'ok'} ${pid} ${ours} ${theirs}`
}

/** The end of a connection, with the wait status as the kernel gives it. */
export function endLine(pid: number, status: number): string {
  return `end ${pid} status ${status}`
}

/** A client has too many connections. */
export function tooManyLine(limit: number, ip: string): string {
  return `ip connection limit of ${limit} exceeded for: ${address(ip)}`
}
