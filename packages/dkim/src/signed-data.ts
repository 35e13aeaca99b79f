/** Which fields a signature covers, and the bytes that are signed (RFC 6376 sections 3.7 and 5.4.2). Pure. */
import { type Canonicalization, canonicalField } from './canonical.ts'
import { type Field, type LineEnd, valueText } from './header.ts'
import { withoutSignature } from './tag-list.ts'

/** The fields of each name, from the top. */
export function byName(fields: readonly Field[]): ReadonlyMap<string, readonly Field[]> {
  const map = new Map<string, Field[]>()
  for (const field of fields) {
    const same = map.get(field.name)
    if (same === undefined) map.set(field.name, [field])
    else same.push(field)
  }
  return map
}

/**
 * What is signed: the fields by these names, each name taking the last field not yet taken, and at the end the field of
 * the signature itself, its value of b left out. A name without a field left counts as nothing.
 */
export function signedData(
  fields: ReadonlyMap<string, readonly Field[]>,
  names: readonly string[],
  signature: Field,
  form: Canonicalization,
  lineEnd: LineEnd,
): Uint8Array {
  const left = new Map<string, number>()
  const parts: string[] = []
  for (const name of names) {
    const same = fields.get(name) ?? []
    const count = left.get(name) ?? same.length
    const field = same[count - 1]
    if (field === undefined) continue
    left.set(name, count - 1)
    // Its own value of b is not yet known when it is signed.
    if (field !== signature) parts.push(canonicalField(field.text, form, lineEnd), '\r\n')
  }
  const value = valueText(signature)
  const start = signature.text.slice(0, signature.text.length - value.length)
  parts.push(canonicalField(start + withoutSignature(value), form, lineEnd))
  return Buffer.from(parts.join(''), 'latin1')
}
