/** sslclient: connects to a host and runs a program that talks to it through TLS, at once or when it asks for it. */
import { parseAddress } from '@moreqmail/dns/address'
import { idFault, readPassword } from '@moreqmail/tls'
import {
  CONNECT_LETTERS,
  commandLine,
  connect,
  connectSettings,
  exploreConnected,
  failed,
  misconfigured,
  misused,
  sslVariables,
  told,
} from '@moreqmail/ucspi'
import { args, env, environment, exit, O_RDONLY, programName, sys } from '@moreqmail/unix'
import { type PasswordSource, TLS_LETTERS, tlsSettings } from './options.ts'
import { runDelayed, runImmediate } from './run.ts'

export const synopsis = `sslclient [ -346hHrRdDqQvxXnNmMeEsSyYjJ ] [ -T x+y ] [ -t seconds ] [ -i ip ] [ -p port ] [ -l name ] \
[ -a cafile ] [ -A cadir ] [ -c certfile ] [ -k keyfile ] [ -K passwordfile ] [ -z ciphers ] [ -V depth ] [ -w seconds ] \
host port prog`

/** Where the systems keep the anchors that they trust. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
const PASSWORD_FD = 3
/** Whatever the caller had there is closed, so that its other end sees the program's end. */
const PROGRAM_FDS = [6, 7]

export function main(): never {
  for (const fd of PROGRAM_FDS) sys.close(fd)
  const line = commandLine(args(), CONNECT_LETTERS + TLS_LETTERS, synopsis)
  const settings = connectSettings(line, false) ?? misused(synopsis)
  const bundle = BUNDLES.find((path) => sys.access(path, 4) === 0)
  const isLiteral = (host: string): boolean => parseAddress(host) !== undefined
  const tls = tlsSettings(line.options, settings, programName(), isLiteral, env, bundle) ?? misused(synopsis)
  const { verbosity } = settings
  const fault = idFault(env)
  if (fault !== undefined) misconfigured(verbosity, fault.text)
  const password =
    tls.password && passwordFrom(tls.password, (errno) => failed(verbosity, 'unable to read password', errno))
  const connected = connect(settings)
  told(verbosity, () => `connected to ${connected.ip} port ${connected.port}`)
  const variables = sslVariables(exploreConnected(connected.socket, settings), tls.tcp)
  const tlsEnv = environment().with({}).setAll(tls.variables)
  environment().setAll(variables)
  const run = tls.delayed ? runDelayed : runImmediate
  exit(run(connected.socket, settings, tls.assignment, tlsEnv, password))
}

/** The password from descriptor 3, or from the first line of a file. */
function passwordFrom(source: NonNullable<PasswordSource>, unreadable: (errno: number) => never): Uint8Array {
  const fd = source === 'descriptor' ? PASSWORD_FD : sys.open(source.file, O_RDONLY, 0)
  const password = fd < 0 ? fd : readPassword(fd)
  if (typeof password === 'number') return unreadable(password)
  if (source === 'descriptor') return password
  const end = password.findIndex((byte) => byte === 10 || byte === 13)
  return end < 0 ? password : password.subarray(0, end)
}
