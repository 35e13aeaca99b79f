/** Tag lists, the form of signatures and of key records (RFC 6376 section 3.2). Pure. */
import { trim } from './text.ts'

export interface TagList {
  /** The values without white space around them; of a tag that is there twice, the first one. */
  readonly tags: ReadonlyMap<string, string>
  /** False if it breaks the grammar, or has a tag twice; then it means nothing. */
  readonly sound: boolean
}

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/
/** A value may have bytes above 126, as of internationalized mail (RFC 8616). */
const CONTROL = /[^\t\n\r\x20-\x7e\x80-\xff]/

/** Takes a tag list apart. Names are as written: their case matters. One semicolon may end it. */
export function parseTags(text: string): TagList {
  const tags = new Map<string, string>()
  const specs = text.split(';')
  if (specs.length > 1 && trim(specs.at(-1) ?? '') === '') specs.pop()
  let sound = true
  for (const spec of specs) {
    const equals = spec.indexOf('=')
    const name = trim(spec.slice(0, Math.max(0, equals)))
    const value = trim(spec.slice(equals + 1))
    if (!NAME.test(name) || CONTROL.test(value) || tags.has(name)) sound = false
    else tags.set(name, value)
  }
  return { tags, sound }
}

/** The tag list without what is behind the equals sign of its tag b, up to the semicolon. RFC 6376 3.7 */
export function withoutSignature(text: string): string {
  let from = 0
  for (const spec of text.split(';')) {
    const equals = spec.indexOf('=')
    const to = from + spec.length
    if (equals >= 0 && trim(spec.slice(0, equals)) === 'b') return text.slice(0, from + equals + 1) + text.slice(to)
    from = to + 1
  }
  return text
}
