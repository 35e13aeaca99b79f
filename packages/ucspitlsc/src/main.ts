/** ucspitlsc: offers TLS on a connection to the client program it becomes, which starts it when it likes (UCSPI-TLS). */
import { delayed } from '@moreqmail/tls/chain'

export const synopsis = 'ucspitlsc [ -SsJjYyZz ] [ -v verbosity ] [ -K ms ] [ -k servername ] [ -6 fd ] [ -7 fd ] prog'

export function main(): never {
  return delayed(false, synopsis)
}
