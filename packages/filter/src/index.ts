/** Filters of messages: running them one after the other, and what a filter itself needs. */
export * from './command-line.ts'
export * from './copy.ts'
export * from './envelope.ts'
export * from './filtering.ts'
export * from './program.ts'
export * from './remote.ts'
export * from './variables.ts'
