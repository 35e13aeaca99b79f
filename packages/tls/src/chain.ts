/** The programs that put TLS below another program on an open connection: what all four of them do. */
import { parseAddress } from '@moreqmail/dns/address'
import {
  args,
  ENOENT,
  type Environment,
  type Errno,
  environment,
  errorText,
  exec,
  exit,
  note,
  programName,
  sys,
  usage,
  wait,
} from '@moreqmail/unix'
import type { Assignment } from './assignment.ts'
import { type ChainSettings, chainSettings } from './chain-options.ts'
import { type Channels, closeEnds, openChannels, readReport } from './channels.ts'
import { MISUSED, SYSTEM } from './fault.ts'
import { isTlsSetting } from './settings.ts'
import { standByForTls } from './standby.ts'
import { spawnTls, tlsEnvironment } from './start.ts'
import { decodeVariables, SESSION_NAMES } from './variables.ts'

const CANNOT_RUN = 111
/** By its name from s6, a program also ends as execline's would. */
const CANNOT_RUN_S6 = 126
const NOT_FOUND_S6 = 127

/** Prints nothing if nothing is to be printed, and ends the program. */
function end(code: number, text: string, verbosity: number, errno?: Errno): never {
  if (verbosity > 0) note(`${programName()}: fatal: ${text}${errno === undefined ? '' : `: ${errorText(errno)}`}`)
  exit(code)
}

function misused(synopsis: string): never {
  usage(MISUSED, synopsis.replace(/^[^ ]*/, programName()))
}

function settingsOf(words: readonly string[], server: boolean, synopsis: string): ChainSettings {
  const name = programName()
  const settings = chainSettings(words, server, name, (host) => parseAddress(host) !== undefined)
  if ('fault' in settings) {
    note(`${name}: ${settings.fault} -- ${settings.option}`)
    misused(synopsis)
  }
  if ('complaint' in settings) end(MISUSED, settings.complaint, settings.quiet ? 0 : 1)
  if (settings.prog.length === 0) misused(synopsis)
  const { assignment, netIn, netOut } = settings
  const { verbosity } = assignment
  if (!server)
    for (const fd of [netIn, netOut]) {
      const errno = sys.isopen(fd)
      if (errno < 0) end(SYSTEM, 'unable to check network fds', verbosity, errno)
    }
  const env = environment()
  const certificate = env.get('CERTCHAINFILE') || env.get('CERTFILE')
  if (!certificate && (server ? assignment.sni < 2 : assignment.ownCertificate))
    end(MISUSED, 'CERTFILE not set', verbosity)
  return settings
}

/** Becomes prog, which can ask for TLS over a control socket: ucspitlsd and ucspitlsc. */
export function delayed(server: boolean, synopsis: string): never {
  const settings = settingsOf(args(), server, synopsis)
  const channels = channelsFor(settings)
  standAside(settings, channels)
  const { control, read, write } = channels.near
  for (const fd of [control, read, write]) sys.keep(fd, 1)
  const env = programEnvironment(settings)
  env.set('SSLCTLFD', String(control)).set('SSLREADFD', String(read)).set('SSLWRITEFD', String(write))
  return run(settings, env)
}

function channelsFor({ assignment }: ChainSettings): Channels {
  const channels = openChannels()
  if (typeof channels === 'number') end(SYSTEM, 'unable to create pipes', assignment.verbosity, channels)
  return channels
}

/** Starts the child that waits for the command. */
function standAside({ assignment, netIn, netOut }: ChainSettings, { far }: Channels): void {
  const ends = { netIn, netOut, ...far }
  const pid = standByForTls(assignment, ends, sys.getpid(), tlsEnvironment())
  if (pid < 0) end(SYSTEM, 'unable to fork', assignment.verbosity, pid)
}

/** Becomes prog once there is TLS on the connection: tlsd and tlsc. */
export function immediate(server: boolean, synopsis: string): never {
  const settings = settingsOf(args(), server, synopsis)
  const { assignment, netIn, netOut } = settings
  const { near, far } = channelsFor(settings)
  const pid = spawnTls({ ...assignment, report: true }, { netIn, netOut, ...far }, tlsEnvironment())
  if (pid < 0) end(SYSTEM, 'unable to start TLS', assignment.verbosity, pid)
  closeEnds(far)
  const variables = decodeVariables(readReport(near))
  if (variables === undefined) exit(codeOf(pid, assignment))
  const env = programEnvironment(settings)
    .remove((name) => SESSION_NAMES.includes(name))
    .setAll(variables)
  sys.dup2(near.read, netIn)
  sys.dup2(near.write, netOut)
  closeEnds(near)
  return run(settings, env)
}

/** How the process that does TLS has ended. */
function codeOf(pid: number, { verbosity }: Assignment): number {
  const status = wait(pid)
  if (typeof status === 'number') return end(SYSTEM, 'unable to wait for TLS', verbosity, status)
  return status.signal > 0 ? 128 + status.signal : status.code || SYSTEM
}

function programEnvironment({ keep }: ChainSettings): Environment {
  const env = environment()
  return keep ? env : env.remove(isTlsSetting)
}

function run({ assignment, prog }: ChainSettings, env: Environment): never {
  const errno = exec(prog, env)
  const s6 = assignment.name.startsWith('s6-')
  const code = !s6 ? CANNOT_RUN : errno === -ENOENT ? NOT_FOUND_S6 : CANNOT_RUN_S6
  return end(code, `unable to run ${prog[0]}`, assignment.verbosity, errno)
}
