/** Which senders and recipients the lists of hosts let through. */

import { hostOf } from '@moreqmail/smtp/server'
import { lower } from '@moreqmail/unix/bytes'

/** True if a key is listed. */
export type Listed = (key: string) => boolean

/** True if a part of the host name that begins with a dot is listed: `.b.c` or `.c` of `a.b.c`. */
function hasParent(host: string, listed: Listed): boolean {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) if (listed(host.slice(dot))) return true
  return false
}

/** True if badmailfrom has the sender, its host as `@host`, or an end of its host as `.end`. Nobody can list ''. */
export function isBadSender(sender: string, listed: Listed): boolean {
  if (listed(sender)) return true
  const host = hostOf(sender)
  return host !== undefined && (listed(`@${host}`) || hasParent(host, listed))
}

/** True if one of the lists, asked in turn, has the recipient's host or an end of it as `.end`; or if it has no host. */
export function isRcptHost(recipient: string, lists: readonly Listed[]): boolean {
  const host = hostOf(recipient)
  if (host === undefined) return true
  const folded = lower(host)
  return folded !== '' && lists.some((listed) => listed(folded) || hasParent(folded, listed))
}
