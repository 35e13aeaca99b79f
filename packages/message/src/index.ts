/** What a mail message's text means. Pure. */
export * from './date.ts'
