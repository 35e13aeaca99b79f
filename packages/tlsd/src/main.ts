/** tlsd: starts TLS on a connection, as its server, and becomes a program that reads and writes in clear. */
import { immediate } from '@moreqmail/tls/chain'

export const synopsis = 'tlsd [ -SsJjYyZz ] [ -v verbosity ] [ -K ms ] [ -k snilevel ] prog'

export function main(): never {
  return immediate(true, synopsis)
}
