/** Internationalised domains as the DNS and older servers know them. RFC 5891, UTS 46. Pure. */
import { bytes } from '@moreqmail/unix/bytes'

const MAX_LABEL = 63
const MAX_NAME = 253

/**
 * The domain (a byte string, UTF-8) with A-labels, by UTS 46 non-transitional, in lower case; undefined if it can't be
 * said so. The runtime's own parser of addresses in the Web does the work: both Bun's and Node's keep to UTS 46.
 */
export function toAscii(domain: string): string | undefined {
  // These would end the host part, or be decoded in it.
  if (/[\0-,/:-@[-^`{-\x7f]/.test(domain)) return undefined
  try {
    const unicode = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes(domain))
    const ascii = new URL(`http://${unicode}`).hostname
    const labels = ascii.split('.')
    const fits = ascii.length <= MAX_NAME && labels.every((label) => label !== '' && label.length <= MAX_LABEL)
    return fits && /^[a-z0-9._-]+$/.test(ascii) ? ascii : undefined
  } catch {
    return undefined
  }
}
