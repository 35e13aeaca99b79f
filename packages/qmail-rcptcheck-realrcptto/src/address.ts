/** Whose local part an address is delivered to, by the rules that qmail-send rewrites addresses by. Pure. */

/** What is known of hosts; keys are compared without regard to ASCII case. */
export interface Hosts {
  /** The host of an address without one. */
  readonly envnoathost: string
  readonly isLocal: (host: string) => boolean
  readonly hasPercentHack: (host: string) => boolean
  /** What control/virtualdomains has for the key; undefined if nothing. */
  readonly virtual: (key: string) => string | undefined
}

/** The local part that the address is delivered to on this host; undefined if that is not our business. */
export function localPart(recipient: string, hosts: Hosts): string | undefined {
  const address = withoutPercents(recipient.includes('@') ? recipient : `${recipient}@${hosts.envnoathost}`, hosts)
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const host = address.slice(at + 1)
  if (hosts.isLocal(host)) return local
  const prepend = virtualDomain(address, host, hosts.virtual)
  return prepend === undefined || prepend === '' ? undefined : `${prepend}-${local}`
}

/** `user%host@hub` is `user@host` where control/percenthack has the hub, over and over. */
function withoutPercents(address: string, hosts: Hosts): string {
  let rest = address
  for (let at = rest.lastIndexOf('@'); hosts.hasPercentHack(rest.slice(at + 1)); ) {
    const percent = rest.lastIndexOf('%', at)
    if (percent < 0) break
    rest = `${rest.slice(0, percent)}@${rest.slice(percent + 1, at)}`
    at = percent
  }
  return rest
}

/** The address, its host, the domains that the host is in, and what is for all hosts: the first that has an entry. */
function virtualDomain(address: string, host: string, virtual: Hosts['virtual']): string | undefined {
  const whole = virtual(address) ?? virtual(host)
  if (whole !== undefined) return whole
  for (let dot = host.indexOf('.', 1); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const found = virtual(host.slice(dot))
    if (found !== undefined) return found
  }
  return virtual('')
}
