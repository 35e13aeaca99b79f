/** tlsc: starts TLS on a connection, as its client, and becomes a program that reads and writes in clear. */
import { immediate } from '@moreqmail/tls/chain'

export const synopsis = 'tlsc [ -SsJjYyZz ] [ -v verbosity ] [ -K ms ] [ -k servername ] [ -6 fd ] [ -7 fd ] prog'

export function main(): never {
  return immediate(false, synopsis)
}
