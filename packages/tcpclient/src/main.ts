/** tcpclient: connects to a host and becomes a program. */
import {
  CONNECT_LETTERS,
  commandLine,
  connect,
  connectSettings,
  exploreConnected,
  failed,
  misused,
  tcpVariables,
  told,
} from '@moreqmail/ucspi'
import { args, environment, exec, programName, sys } from '@moreqmail/unix'

export const synopsis =
  'tcpclient [ -46hHrRdDqQv ] [ -T x+y ] [ -t seconds ] [ -i ip ] [ -p port ] [ -l name ] host port prog'

/** Where the program expects the connection: reading, writing. */
const READ = 6
const WRITE = 7

/** Whether names are completed by a search list, of which there is none. */
const S6_LETTERS = 'nN'

export function main(): never {
  for (const fd of [READ, WRITE]) sys.close(fd)
  const name = programName()
  const usage = synopsis.replace(/^[^ ]*/, name)
  const s6 = name.startsWith('s6-')
  const letters = s6 ? CONNECT_LETTERS + S6_LETTERS : CONNECT_LETTERS
  const settings = connectSettings(commandLine(args(), letters, usage), s6) ?? misused(usage)
  const { verbosity, prog } = settings
  const { socket, ip, port } = connect(settings)
  told(verbosity, () => `connected to ${ip} port ${port}`)
  environment().setAll(tcpVariables(exploreConnected(socket, settings)))
  sys.dup2(socket, READ)
  sys.dup2(socket, WRITE)
  if (socket !== READ && socket !== WRITE) sys.close(socket)
  const errno = exec(prog)
  return failed(verbosity, `unable to run ${prog[0]}`, errno)
}
