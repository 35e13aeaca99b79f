/** One try of one address, unless it has timed out too often; its own timeouts are noted. */
import { parseAddress } from '@moreqmail/dns/address'
import { lookUp, noteAnswer, noteTimeout } from '@moreqmail/tcpto'
import { tryClient } from './client.ts'
import type { TlsWish } from './deliver.ts'
import { tryDirectly } from './direct.ts'
import type { Outcome } from './outcome.ts'
import type { Sending } from './program.ts'
import type { Target } from './target.ts'

/** Tries the address, with the message as if nobody had read it yet. */
export function attempt(sending: Sending, target: Target, tls: TlsWish): Outcome {
  const address = parseAddress(target.ip) ?? new Uint8Array(4)
  const known = lookUp(address)
  if (known.skip) return { kind: 'unreachable', timedOut: false }
  sending.source.rewind()
  const { ucspiClient } = sending.settings
  const outcome =
    ucspiClient === undefined ? tryDirectly(sending, target, tls) : tryClient(ucspiClient, sending, target, tls)
  if (outcome.kind === 'unreachable' && outcome.timedOut) noteTimeout(address)
  else if (known.recorded) noteAnswer(address)
  return outcome
}
