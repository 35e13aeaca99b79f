/** qmail-rcptcheck-badrcptto: refuses recipients that are listed, by address or by host. */
import { accept, clientIp, defer, refuse } from '@moreqmail/rcptcheck'
import { chdirHome, controlList, env } from '@moreqmail/unix'

export const synopsis = 'qmail-rcptcheck-badrcptto'

export function main(): never {
  const recipient = env('RECIPIENT') ?? defer()
  if (env('RELAYCLIENT') !== undefined) accept()
  if (chdirHome() < 0) defer()
  const bad = controlList('badrcptto', defer, 'ends')
  if (bad === undefined) accept()
  const at = recipient.lastIndexOf('@')
  if (bad.has(recipient) || (at >= 0 && bad.has(recipient.slice(at)))) refuse('badrcptto', clientIp(), recipient)
  accept()
}
