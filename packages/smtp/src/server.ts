/** The server's half of SMTP: what a client's commands mean and how they are answered. */
export * from './address.ts'
export * from './command.ts'
export * from './data.ts'
export * from './ip-literal.ts'
export * from './parameters.ts'
export * from './received.ts'
export * from './session.ts'
