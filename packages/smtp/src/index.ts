/** SMTP without I/O. */
export * from './client.ts'
export * from './server.ts'
