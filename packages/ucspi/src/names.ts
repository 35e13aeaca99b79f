/** Names of hosts and their addresses, as UCSPI tools look them up. */
import { EAGAIN, type Errno } from '@moreqmail/unix'

/** The name of the host at this address; undefined if it has none or nothing is known. */
export function hostName(_ip: string): string | undefined {
  return undefined
}

/** The addresses of a host by preference; a negative errno if nothing is known for now. */
export function hostAddresses(_name: string, _family: 4 | 6 | undefined): readonly string[] | Errno {
  return -EAGAIN
}
