/** The tables of hosts that have timed out, as qmail-remote and qmail-tcpto use them. */
export * from './records.ts'
export * from './table.ts'
