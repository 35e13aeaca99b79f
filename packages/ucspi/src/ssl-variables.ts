/** The environment variables that tell a program about a connection which is TLS or may become so. Pure. */
import { type Connection, tcpVariables, type Variable } from './variables.ts'

/** Those of TCP, or with `tcp` false their removal, and the same about the connection by names with SSL. */
export function sslVariables(connection: Connection, tcp: boolean): readonly Variable[] {
  const variables = tcpVariables(connection)
  const about = variables.filter(([name]) => /^TCP(?:LOCAL|REMOTE)/.test(name))
  return [
    ...variables.map(([name, value]): Variable => [name, tcp ? value : name === 'PROTO' ? 'SSL' : undefined]),
    ...about.map(([name, value]): Variable => [name.replace('TCP', 'SSL'), value]),
  ]
}
