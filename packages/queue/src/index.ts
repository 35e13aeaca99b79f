/** What stands between a program that has a message and the one that takes it. */
export * from './envelope.ts'
export * from './reply.ts'
export * from './run.ts'
