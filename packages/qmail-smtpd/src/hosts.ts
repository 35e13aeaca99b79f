/** Which senders and recipients the lists of hosts let through. */

import { hasParent, isListedHost, type Listed } from '@moreqmail/smtp/hosts'
import { hostOf } from '@moreqmail/smtp/server'

/** True if badmailfrom has the sender, its host as `@host`, or an end of its host as `.end`. Nobody can list ''. */
export function isBadSender(sender: string, listed: Listed): boolean {
  if (listed(sender)) return true
  const host = hostOf(sender)
  return host !== undefined && (listed(`@${host}`) || hasParent(host, listed))
}

/** True if one of the lists, asked in turn, has the recipient's host or an end of it as `.end`; or if it has no host. */
export function isRcptHost(recipient: string, lists: readonly Listed[]): boolean {
  const host = hostOf(recipient)
  return host === undefined || isListedHost(host, lists)
}
