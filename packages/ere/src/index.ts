/** POSIX extended regular expressions on bytes, ignoring case: whether a value has a match. Pure. */
export type { Automaton } from './automaton.ts'
export { folded, matches } from './match.ts'
export { parsePattern } from './pattern.ts'
