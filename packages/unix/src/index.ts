/** Everything moreqmail's programs use of the system. */
export * from './bytes.ts'
export * from './control.ts'
export * from './digest.ts'
export * from './engine.ts'
export * from './env.ts'
export * from './errno.ts'
export * from './files.ts'
export * from './getopt.ts'
export {
  args,
  type Choice,
  canFork,
  complain,
  crossTrustBoundary,
  env,
  environment,
  exec,
  execPath,
  execSelf,
  exit,
  fork,
  inheritListed,
  type Lookup,
  note,
  type Program,
  programName,
  run,
  type SpawnOptions,
  type Status,
  spawn,
  spawnOwn,
  spawnSelf,
  standBy,
  start,
  statusOf,
  wait,
  waitUnstopped,
} from './image.ts'
export { manyRuns, type Run } from './many-runs.ts'
export * from './message.ts'
export * from './reader.ts'
export * from './rehearse.ts'
export { compiled, type Sys, sys } from './shim.ts'
export * from './signals.ts'
export * from './socket-options.ts'
export * from './table.ts'
export * from './user.ts'
export * from './wait-for.ts'
export * from './writer.ts'
