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

/** The variables of a TCP connection; those that are undefined are to be removed. */
export function tcpVariables({ local, remote, info }: Connection): Readonly<Record<string, string | undefined>> {
  const six = remote.ip.includes(':')
  const [localIp] = splitScope(local.ip)
  const [remoteIp, scope] = splitScope(remote.ip)
  const ends = {
    LOCALIP: localIp,
    LOCALPORT: String(local.port),
    LOCALHOST: local.host,
    REMOTEIP: remoteIp,
    REMOTEPORT: String(remote.port),
    REMOTEHOST: remote.host,
  }
  const variables: Record<string, string | undefined> = { PROTO: six ? 'TCP6' : 'TCP', TCPREMOTEINFO: info }
  for (const [name, value] of Object.entries(ends)) {
    variables[`TCP${name}`] = value
    variables[`TCP6${name}`] = six ? value : undefined
  }
  variables['TCP6INTERFACE'] = six ? scope : undefined
  return variables
}
