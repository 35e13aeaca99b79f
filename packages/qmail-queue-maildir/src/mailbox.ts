/** Which Maildir a recipient's mail goes to, or why it is refused. Pure. */
import { lower, visible } from '@moreqmail/unix/bytes'

/** A recipient: as the envelope has it, and taken apart. */
export interface Recipient {
  readonly address: string
  readonly local: string
  readonly domain: string
}

/** Takes an address apart at its last `@`; without one it is at `me`, undefined if that has no name. */
export function recipientOf(address: string, me: string | undefined): Recipient | undefined {
  const at = address.lastIndexOf('@')
  if (at < 0) return me === undefined ? undefined : { address, local: address, domain: me }
  return { address, local: address.slice(0, at), domain: address.slice(at + 1) }
}

/** The recipients without those that differ from an earlier one in ASCII case only. */
export function distinct(recipients: readonly Recipient[]): readonly Recipient[] {
  const seen = new Set<string>()
  return recipients.filter(({ local, domain }) => {
    const key = lower(`${local}@${domain}`)
    return seen.has(key) ? false : seen.add(key)
  })
}

/** The list of control/maildirs. */
export interface MaildirList {
  value(key: string): string | undefined
  entries(): Iterable<string>
}

/** Searching the file's text is quicker than an index of it for so many keys. */
const FEW = 32

/** Gives the Maildir of each recipient it is asked for; undefined where control/maildirs has none. */
export function maildirsOf(list: MaildirList): (recipient: Recipient) => string | undefined {
  let asked = 0
  let index: ReadonlyMap<string, string> | undefined
  return (recipient) => {
    for (const key of keysOf(recipient)) {
      if (asked++ === FEW) index = indexOf(list)
      const path = index === undefined ? list.value(key) : index.get(lower(key))
      if (path !== undefined) return path === '' ? undefined : path
    }
    return undefined
  }
}

/** The keys of control/maildirs that fit the recipient, in the order in which they are tried. */
export function* keysOf({ local, domain }: Recipient): Generator<string> {
  for (let base = local; base !== ''; base = base.slice(0, Math.max(0, base.lastIndexOf('-')))) {
    yield `${base}@${domain}`
    yield base
  }
  yield `@${domain}`
  yield '@'
}

function indexOf(list: MaildirList): ReadonlyMap<string, string> {
  const paths = new Map<string, string>()
  for (const entry of list.entries()) {
    const colon = entry.indexOf(':')
    if (colon >= 0) paths.set(lower(entry.slice(0, colon)), entry.slice(colon + 1))
  }
  return paths
}

/** Why a message is refused. */
export type Refusal = 'notLocal' | 'unknown' | 'looping' | 'tooManyHops'

/** The text of a refusal for the sender; the address is cut, and made printable. */
export function refusalText(refusal: Refusal, address: string): string {
  const name = visible(address.slice(0, 120))
  switch (refusal) {
    case 'notLocal':
      return `Dsorry, I cannot deliver to ${name} from here (#5.7.1)`
    case 'unknown':
      return `Dsorry, no mailbox here by that name: ${name} (#5.1.1)`
    case 'looping':
      return 'Dthis message is looping: it already has my Delivered-To line (#5.4.6)'
    case 'tooManyHops':
      return 'Dtoo many hops, this message is looping (#5.4.6)'
  }
}
