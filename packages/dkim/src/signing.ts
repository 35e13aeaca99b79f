/** The field that signs a message: what is signed, and how it is written (RFC 6376 sections 3.5 and 5). Pure. */
import type { BodyHashes } from './body-hash.ts'
import { sign } from './crypto.ts'
import type { Field } from './header.ts'
import { encodeBase64, type PrivateKey } from './keys.ts'
import type { SignOptions } from './sign-options.ts'
import { isDomain, isSelector, isWithin } from './signature.ts'
import { byName, signedData } from './signed-data.ts'

/** A key and what to do with it. */
export interface Signer {
  readonly key: PrivateKey
  readonly domain: string
  readonly selector: string
  readonly options: SignOptions
}

/** RFC 6376 5.4.1, and what else a reader sees or a program acts upon. */
const SIGNED = [
  ...['from', 'reply-to', 'subject', 'date', 'message-id', 'to', 'cc', 'sender', 'mime-version', 'content-type'],
  ...['content-transfer-encoding', 'content-id', 'content-description', 'resent-date', 'resent-from', 'resent-sender'],
  ...['resent-to', 'resent-cc', 'resent-message-id', 'in-reply-to', 'references', 'list-id', 'list-help'],
  ...['list-unsubscribe', 'list-unsubscribe-post', 'list-subscribe', 'list-post', 'list-owner', 'list-archive'],
  'autocrypt',
] as const

/** Signed once more than they are there, so that none can be added. RFC 6376 8.15 */
const OVERSIGNED: ReadonlySet<string> = new Set([
  ...['from', 'reply-to', 'subject', 'date', 'message-id', 'to', 'cc', 'mime-version', 'content-type'],
  'content-transfer-encoding',
])

/** Columns of a line. */
const WIDTH = 78

/** The names for h: each as often as its field is there, and some once more. */
export function namesToSign(fields: readonly Field[], excluded: readonly string[]): readonly string[] {
  const present = byName(fields)
  return SIGNED.filter((name) => name === 'from' || !excluded.includes(name)).flatMap((name) =>
    Array<string>((present.get(name)?.length ?? 0) + (OVERSIGNED.has(name) ? 1 : 0)).fill(name),
  )
}

/** What keeps this signer from signing: an identity that is not its domain's, or names that can't be; undefined: nothing. */
export function faultOf({ domain, selector, options: { identity } }: Signer): string | undefined {
  if (!isDomain(domain)) return `${domain} is not a domain`
  if (!isSelector(selector)) return `${selector} is not a selector`
  if (identity === undefined) return undefined
  const at = identity.lastIndexOf('@')
  const inside = at >= 0 && isWithin(identity.slice(at + 1).toLowerCase(), domain)
  return inside && !/[^!-~]|;/.test(identity) ? undefined : `identity ${identity} is not in domain ${domain}`
}

/**
 * The field with its line ends, for a message with these fields and a body whose hash in the signer's form was wanted;
 * undefined if the key can't be used. Now: seconds since 1970.
 */
export async function signatureField(
  fields: readonly Field[],
  body: BodyHashes,
  { key, domain, selector, options }: Signer,
  now: number,
): Promise<string | undefined> {
  const names = namesToSign(fields, options.excluded)
  const start = fold([
    'DKIM-Signature: v=1;',
    ` a=${key.type}-sha256;`,
    ` c=${options.headerForm}/${options.bodyForm};`,
    ` d=${domain};`,
    ` s=${selector};`,
    ...(options.identity === undefined ? [] : [` i=${options.identity};`]),
    ` t=${now};`,
    ...(options.seconds === 0 ? [] : [` x=${now + options.seconds};`]),
    ...(options.query ? [' q=dns/txt;'] : []),
    ...names.map((name, i) => `${i === 0 ? ' h=' : ''}${name}${i < names.length - 1 ? ':' : ';'}`),
    ` bh=${encodeBase64(body.digest(options.bodyForm))};`,
  ])
  const text = `${start}\n\tb=`
  const field: Field = { name: 'dkim-signature', text, from: 0, to: 0 }
  const signature = await sign(key, signedData(byName(fields), names, field, options.headerForm, '\n'))
  return signature === undefined ? undefined : `${foldEvery(text, encodeBase64(signature))}\n`
}

/** Puts parts on lines, a new one where the next part would be too long; blanks before it become a tab. */
function fold(parts: readonly string[]): string {
  const lines: string[] = []
  let line = ''
  for (const part of parts) {
    if (columns(line) + part.length <= WIDTH || line === '') line += part
    else {
      lines.push(line)
      line = `\t${part.trimStart()}`
    }
  }
  return [...lines, line].join('\n')
}

/** Puts a long word behind a text, cut where the lines are full. */
function foldEvery(text: string, word: string): string {
  let room = WIDTH - columns(text.slice(text.lastIndexOf('\n') + 1))
  let out = text
  for (let at = 0; at < word.length; room = WIDTH - TAB_WIDTH) {
    out += `${at === 0 ? '' : '\n\t'}${word.slice(at, at + room)}`
    at += room
  }
  return out
}

const TAB_WIDTH = 8

function columns(line: string): number {
  return line.startsWith('\t') ? line.length - 1 + TAB_WIDTH : line.length
}
