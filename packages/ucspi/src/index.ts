/** What the UCSPI tools share. */
export * from './connection.ts'
export * from './listen.ts'
export * from './listen-options.ts'
export * from './log-line.ts'
export * from './say.ts'
export * from './serve.ts'
export * from './variables.ts'
