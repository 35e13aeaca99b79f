/** Whether lists of hosts have a host. Pure. */
import { lower } from '@moreqmail/unix/bytes'

/** True if a key is listed. */
export type Listed = (key: string) => boolean

/** True if a part of the host name that begins with a dot is listed: `.b.c` or `.c` of `a.b.c`. */
export function hasParent(host: string, listed: Listed): boolean {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) if (listed(host.slice(dot))) return true
  return false
}

/** True if one of the lists, asked in turn, has the host (in lower case) or an end of it as `.end`. Nobody can list ''. */
export function isListedHost(host: string, lists: readonly Listed[]): boolean {
  const folded = lower(host)
  return folded !== '' && lists.some((listed) => listed(folded) || hasParent(folded, listed))
}
