/** control/passwd, for the programs that read and change it. */
export * from './hash.ts'
export * from './lines.ts'
