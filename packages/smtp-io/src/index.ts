/** The two ends of an SMTP server: its client and its queue program. */
export * from './client.ts'
export * from './databytes.ts'
export * from './message.ts'
