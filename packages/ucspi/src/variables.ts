/** The environment variables that tell a program about its connection, tcp-environ(5). Pure. */
import { splitScope } from './address.ts'

/** One end of a connection: address as the system gives it, port, and the host's name if it is known. */
export interface End {
  readonly ip: string
  readonly port: number
  readonly host: string | undefined
}

/** A connection: our end, the other one, and what its host says about who it is. */
export interface Connection {
  readonly local: End
  readonly remote: End
  readonly info: string | undefined
}

/** A variable to set, or without a value to remove. */
export type Variable = readonly [name: string, value: string | undefined]

/** The variables of a TCP connection. */
export function tcpVariables({ local, remote, info }: Connection): readonly Variable[] {
  const six = remote.ip.includes(':')
  const [remoteIp, scope] = splitScope(remote.ip)
  const ends: readonly Variable[] = [
    ['LOCALIP', splitScope(local.ip)[0]],
    ['LOCALPORT', String(local.port)],
    ['LOCALHOST', local.host],
    ['REMOTEIP', remoteIp],
    ['REMOTEPORT', String(remote.port)],
    ['REMOTEHOST', remote.host],
  ]
  return [
    ['PROTO', six ? 'TCP6' : 'TCP'],
    ...ends.map(([name, value]): Variable => [`TCP${name}`, value]),
    ['TCPREMOTEINFO', info],
    ...ends.map(([name, value]): Variable => [`TCP6${name}`, six ? value : undefined]),
    ['TCP6INTERFACE', scope],
  ]
}
