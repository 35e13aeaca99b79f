/** What becomes of an envelope with SRS addresses of ours in it. Pure. */
import type { Envelope } from '@moreqmail/queue/envelope'
import { isSrs, type Reversed, reverse, type SrsSettings, sameDomain, splitAddress } from '@moreqmail/srs'

/** Why the message is refused: the text, and its RFC 3463 code. */
export interface Refusal {
  readonly text: string
  readonly code: string
}

/** The sender of a double bounce. */
const DOUBLE_BOUNCE = '#@[]'

/** True if an address of the envelope, the sender too, is an SRS address at the domain. */
export function hasSrs({ sender, recipients }: Envelope, domain: string): boolean {
  return [sender, ...recipients].some((address) => srsLocal(address, domain) !== undefined)
}

/**
 * The envelope with each SRS address at our domain replaced by the one it stands for. Only bounces may be sent to one,
 * unless `anySender`, and each must be valid: else everybody could send mail through us to anywhere. An invalid sender
 * hurts nobody, and stays.
 */
export function reverseEnvelope(
  { sender, recipients }: Envelope,
  settings: SrsSettings,
  anySender: boolean,
  now: number,
): Envelope | Refusal {
  const bounce = sender === '' || sender === DOUBLE_BOUNCE
  // The same one again costs nothing, and behind a bad one nothing is looked at: hashes take time.
  const known = new Map<string, string>()
  let refused = false
  for (const recipient of recipients) {
    const reversed = known.has(recipient) ? undefined : reversal(recipient, settings, now)
    if (reversed === undefined) continue
    if ('error' in reversed) return { text: reversed.error, code: '5.1.1' }
    known.set(recipient, reversed.address)
    refused ||= !bounce && !anySender
  }
  if (refused) return { text: 'SRS address only accepts bounces', code: '5.7.1' }
  const own = reversal(sender, settings, now)
  return {
    sender: own !== undefined && 'address' in own ? own.address : sender,
    recipients: recipients.map((recipient) => known.get(recipient) ?? recipient),
  }
}

/** What an address stands for; undefined if it is no SRS address of ours. */
function reversal(address: string, settings: SrsSettings, now: number): Reversed | undefined {
  const local = srsLocal(address, settings.domain)
  return local === undefined ? undefined : reverse(local, settings, now)
}

/** The local part of an SRS address at the domain; undefined for all others. */
function srsLocal(address: string, domain: string): string | undefined {
  const [local = '', host = ''] = splitAddress(address) ?? []
  return sameDomain(host, domain) && isSrs(local) ? local : undefined
}
