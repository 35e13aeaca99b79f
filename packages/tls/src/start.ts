/** Starts the process that does TLS. */
import { type Environment, environment, spawnOwn, sys } from '@moreqmail/unix'
import { type Assignment, assignmentWords } from './assignment.ts'
import { type Command, commandIn } from './command.ts'
import { isTlsSetting } from './settings.ts'

/** The name of the program that does it, as ps shows it. */
const PROGRAM = 'tls-io'

/** The descriptors that the process gets: the connection, the program's pipes, and where the session is told. */
export interface Ends {
  readonly netIn: number
  readonly netOut: number
  readonly fromProgram: number
  readonly toProgram: number
  readonly report: number
  /** Where the key's password comes from. */
  readonly password?: number
}

/** The map of descriptors with these ends where the process expects them. */
export function tlsDescriptorMap(ends: Ends): ReadonlyArray<readonly [number, number]> {
  const { netIn, netOut, fromProgram, toProgram, report, password } = ends
  const map: Array<readonly [number, number]> = [
    [0, netIn],
    [1, netOut],
    [3, fromProgram],
    [4, toProgram],
    [5, report],
  ]
  if (password !== undefined) map.push([6, password])
  return map
}

/** What of an environment the process needs: nothing else is its business. */
export function tlsEnvironment(env: Environment = environment()): Environment {
  const kept = /^(?:MOREQMAIL_[A-Z]*|PATH)$/
  return env.with({}).remove((name) => !isTlsSetting(name) && !kept.test(name))
}

/** The process's name and arguments. */
export function tlsArguments(assignment: Assignment): readonly string[] {
  return [PROGRAM, ...assignmentWords(assignment)]
}

/** Starts it as a child with these descriptors and no others: its pid, or a negative errno. */
export function spawnTls(assignment: Assignment, ends: Ends, env: Environment): number {
  return spawnOwn(tlsArguments(assignment), { env, fds: tlsDescriptorMap(ends), only: true })
}

/** Starts it as a child that only says whether it can do its work, by its exit code and on descriptor 2: its pid. */
export function spawnTest(assignment: Assignment, password: number | undefined, env: Environment): number {
  const fds = password === undefined ? [] : [[6, password] as const]
  return spawnOwn(tlsArguments({ ...assignment, check: true }), { env, fds, only: true })
}

/** The command that a program has written on its control socket; waits for it. Only its first byte counts. */
export function takeCommand(control: number): Command {
  const byte = new Uint8Array(1)
  return commandIn(sys.read(control, byte, 0, 1) > 0 ? byte[0] : undefined)
}
