/** qmail-rcptcheck-realrcptto: refuses recipients that delivery would bounce, for want of a mailbox. */
import { openCdb } from '@moreqmail/cdb'
import { accept, defer, logRefusal, refuse } from '@moreqmail/rcptcheck'
import { chdirHome, controlLine, controlList, env, List } from '@moreqmail/unix'
import { type Account, assignedAccount, qmailFiles, systemAccount } from './account.ts'
import { type Hosts, localPart } from './address.ts'
import { exists, ownerOf, userLookup } from './system.ts'

export const synopsis = 'qmail-rcptcheck-realrcptto'

export function main(): never {
  const recipient = env('RECIPIENT') ?? defer()
  if (chdirHome() < 0) defer()
  const local = localPart(recipient, readHosts())
  if (local === undefined) accept()
  const account = accountOf(local)
  if (account !== undefined && takesMail(account)) accept()
  const ip = clientIp()
  if (env('QMAILRRTDENYALL') !== '1') refuse('realrcptto', ip, recipient)
  logRefusal('realrcptto', ip, recipient)
  accept()
}

/** Control files with the defaults that qmail-send has. */
function readHosts(): Hosts {
  const me = (): string | undefined => controlLine('me', defer)
  const envnoathost = controlLine('envnoathost', defer) ?? me() ?? 'envnoathost'
  const locals = controlList('locals', defer, 'ends') ?? new List(me() ?? defer())
  const percenthack = controlList('percenthack', defer, 'ends')
  const virtualdomains = controlList('virtualdomains', defer, 'ends')
  return {
    envnoathost,
    isLocal: (host) => locals.has(host),
    hasPercentHack: (host) => percenthack?.has(host) ?? false,
    virtual: (key) => virtualdomains?.value(key),
  }
}

/** Who gets the mail; a record that is cut off is as good as none that could be judged, and accepted. */
function accountOf(local: string): Account | undefined {
  const cdb = openCdb('users/cdb')
  if (typeof cdb === 'number') defer()
  if (cdb !== undefined) {
    const get = (key: string): string | undefined => {
      const data = cdb.getText(key)
      return typeof data === 'number' ? defer() : data
    }
    const account = assignedAccount(local, get('') ?? defer(), get)
    if (account === 'unclear') accept()
    if (account !== undefined) return account
  }
  return systemAccount(local, userLookup(), ownerOf)
}

/** Without a dash it is the user's own address: default delivery needs no file. */
function takesMail(account: Account): boolean {
  if (account.dash === '') return true
  for (const path of qmailFiles(account)) if (exists(path)) return true
  return false
}

/** The variable's name depends on the listener's protocol: TCPREMOTEIP under tcpserver. */
function clientIp(): string {
  const protocol = env('PROTO')
  return protocol === undefined ? '' : (env(`${protocol}REMOTEIP`) ?? '')
}
