/** The DNS record of a key, as a line of a zone file. Pure. */
import { encodeBase64, type KeyType } from './keys.ts'
import { keyNameOf } from './signature.ts'

/** RFC 1035 3.3 */
const MAX_STRING = 255

/** The record with its line end; its text is cut into strings that are not too long, which are read as one. */
export function zoneRecord(selector: string, domain: string, type: KeyType, published: Uint8Array): string {
  const text = `v=DKIM1; k=${type}; p=${encodeBase64(published)}`
  const strings: string[] = []
  for (let at = 0; at < text.length; at += MAX_STRING) strings.push(`"${text.slice(at, at + MAX_STRING)}"`)
  const data = strings.length === 1 ? strings[0] : `(\n\t${strings.join('\n\t')} )`
  return `${keyNameOf(selector, domain)}. IN TXT ${data}\n`
}
