/** What recipient checks, and those who run them, have in common. */
export * from './refuse.ts'
export * from './verdict.ts'
