/** What the child of a listener finds out about its connection, and whether it goes on with it. */
import { openCdb } from '@moreqmail/cdb'
import { ENOENT, type Errno, sys } from '@moreqmail/unix'
import { wholeNumber } from '@moreqmail/unix/bytes'
import { familyOf, splitScope } from './address.ts'
import { askIdent } from './ident.ts'
import type { ListenSettings } from './listen-options.ts'
import { hostAddresses, hostName } from './names.ts'
import { type Client, NO_RULE, parseRule, type Rule, ruleKeys } from './rules.ts'
import { dropped } from './say.ts'
import type { Connection, End } from './variables.ts'

/** All that is to be known about the connection on this socket; a failure ends the child. */
export function explore(socket: number, ip: string, port: number, settings: ListenSettings): Connection {
  const { verbosity, localHost, lookUpHost, paranoid, identTimeout } = settings
  const name = sys.sockname(socket, 0)
  if (typeof name === 'number') return dropped(verbosity, 'unable to get local address', name)
  const [localIp, localPort] = name
  const local: End = { ip: localIp, port: localPort, host: localHost ?? hostName(localIp) }
  const host = lookUpHost ? hostName(ip) : undefined
  const remote: End = { ip, port, host: host !== undefined && paranoid && !leadsTo(host, ip) ? undefined : host }
  const info = identTimeout === undefined ? undefined : askIdent(local, remote, identTimeout)
  return { local, remote, info }
}

/** True if the address is one of the host's. */
function leadsTo(host: string, ip: string): boolean {
  const addresses = hostAddresses(host, familyOf(ip))
  return typeof addresses !== 'number' && addresses.includes(splitScope(ip)[0])
}

/** The rule for a client; without a rules file, or a key in it, all is allowed. A failure ends the child. */
export function ruleFor(client: Client, settings: ListenSettings): Rule {
  const rule = findRule(client, settings)
  return typeof rule === 'number' ? dropped(settings.verbosity, `unable to read ${settings.rules}`, rule) : rule
}

function findRule(client: Client, { rules, rulesOptional }: ListenSettings): Rule | Errno {
  if (rules === undefined) return NO_RULE
  const cdb = openCdb(rules)
  if (cdb === undefined) return rulesOptional ? NO_RULE : -ENOENT
  if (typeof cdb === 'number') return cdb
  try {
    for (const key of ruleKeys(client)) {
      const data = cdb.getText(key)
      if (typeof data === 'number') return data
      if (data !== undefined) return parseRule(data)
    }
    return NO_RULE
  } finally {
    cdb.close()
  }
}

/** The limit of connections that a rule gives its client; undefined without one. A bad number ends the child. */
export function limitOf({ set }: Rule, { verbosity, rules }: ListenSettings): number | undefined {
  const text = limitText(set)
  if (text === undefined) return undefined
  return wholeNumber(text) ?? dropped(verbosity, `bad MAXCONIP in ${rules}`)
}

/** The same for the listener, by the address alone; undefined also if it can't be told. */
export function limitAt(ip: string, settings: ListenSettings): number | undefined {
  const rule = findRule({ ip, host: undefined, info: undefined }, settings)
  return typeof rule === 'number' ? undefined : wholeNumber(limitText(rule.set) ?? '')
}

function limitText(set: Rule['set']): string | undefined {
  return set.findLast(([name]) => name === 'MAXCONIP')?.[1]
}
