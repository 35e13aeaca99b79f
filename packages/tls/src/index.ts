/** Starting the process that does TLS, and what is to be known of it. */
export * from './assignment.ts'
export * from './channels.ts'
export * from './command.ts'
export * from './fault.ts'
export { isTlsSetting } from './settings.ts'
export * from './standby.ts'
export * from './start.ts'
export { decodeVariables, SESSION_NAMES } from './variables.ts'
