/** Which addresses are tried, how often, and which of the reports is the last word. Pure. */
import { NO_CONNECTION } from './failure.ts'
import type { Outcome } from './outcome.ts'
import { isTlsFailure } from './report.ts'
import type { Target } from './target.ts'

/** What TLS is wished to be, whatever the control files say; undefined: what they say. */
export type TlsWish = 'must' | 'no' | undefined

export interface Delivery {
  /** In the order in which they are tried. */
  readonly targets: readonly Target[]
  /** 0: TLS if it works; 1: without it only if nobody has it; 2: never without it. */
  readonly strictness: number
  /** Makes one try. */
  readonly attempt: (target: Target, tls: TlsWish) => Outcome
  /** True if this server may get the message in clear. */
  readonly mayBeClear: (target: Target) => boolean
}

/** Tries the addresses until the message is gone or there is no point in going on: the report. */
export function deliver({ targets, strictness, attempt, mayBeClear }: Delivery): string {
  let kept: string | undefined
  const reached: Target[] = []

  /** Undefined: the next address. */
  function report(target: Target, outcome: Outcome): string | undefined {
    if (outcome.kind === 'unreachable') return undefined
    if (outcome.final) return outcome.report
    kept ??= outcome.report
    reached.push(target)
    return undefined
  }

  /** A server whose TLS does not work is sent the message in clear, as if it had offered none. RFC 7435 */
  function tryTwice(target: Target): Outcome {
    const first = attempt(target, undefined)
    if (first.kind === 'unreachable' || !isTlsFailure(first.report) || !mayBeClear(target)) return first
    const second = attempt(target, 'no')
    return second.kind === 'unreachable' ? first : second
  }

  for (const target of targets) {
    const last = report(target, strictness === 0 ? tryTwice(target) : attempt(target, 'must'))
    if (last !== undefined) return last
  }
  if (strictness === 1) {
    for (const target of reached.filter(mayBeClear)) {
      const last = report(target, attempt(target, 'no'))
      if (last !== undefined) return last
    }
  }
  return kept ?? NO_CONNECTION
}
