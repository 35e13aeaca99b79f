/** Decides how a case writes bytes down, and how a failure shows them. */

/** Bytes in a case: one latin1 character each, or base64. */
export type Raw = string | { readonly b64: string }

/** The bytes a case means. */
export function raw(text: Raw): Buffer {
  if (typeof text !== 'string') return Buffer.from(text.b64, 'base64')
  if (/[^\0-\xff]/.test(text)) throw new Error(`not latin1: ${JSON.stringify(text)}`)
  return Buffer.from(text, 'latin1')
}

/** The same as a byte string. */
export function rawText(text: Raw): string {
  return raw(text).toString('latin1')
}

/** More than this of a failure's bytes is not shown; of longer ones the beginning and the end. */
const MOST = 1000
const BEGINNING = 700

/** Bytes as a failure shows them: quoted, with escapes for what is not printable ASCII. */
export function shown(bytes: Uint8Array | string): string {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')
  if (text.length <= MOST) return quoted(text)
  const left = text.length - MOST
  return `${quoted(text.slice(0, BEGINNING))} (and ${left} bytes) ${quoted(text.slice(BEGINNING + left))}`
}

function quoted(text: string): string {
  const escaped = text.replace(/[\\'\n\r\t]|[^ -~]/g, (byte) => {
    const known = { '\\': '\\\\', "'": "\\'", '\n': '\\n', '\r': '\\r', '\t': '\\t' }[byte]
    return known ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `'${escaped}'`
}
