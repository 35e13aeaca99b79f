/** What the end of checkpassword, or of what it has run, says about a login. Pure. */
import type { Fault } from './protocol.ts'

/** A login refused, which may be tried again; a fault that ends the session; or a session that is over. */
export type Verdict =
  | { readonly refused: Fault }
  | { readonly fault: Fault }
  /** With this exit code. */
  | { readonly over: number }

const BY_CODE: ReadonlyMap<number, Verdict> = new Map([
  [1, { refused: 'refused' }],
  [2, { refused: 'temporary' }],
  [111, { refused: 'temporary' }],
  [16, { fault: 'alarm' }],
  [18, { fault: 'control' }],
] as const)

/** The verdict on a child that has ended with this code, or by this signal if it isn't 0. */
export function verdictOf({ code, signal }: { readonly code: number; readonly signal: number }): Verdict {
  if (signal !== 0) return { fault: 'crash' }
  return BY_CODE.get(code) ?? { over: code }
}
