/** ucspitlsd: offers TLS on a connection to the program it becomes, which starts it when it likes (UCSPI-TLS). */
import { delayed } from '@moreqmail/tls/chain'

export const synopsis = 'ucspitlsd [ -SsJjYyZz ] [ -v verbosity ] [ -K ms ] [ -k snilevel ] prog'

export function main(): never {
  return delayed(true, synopsis)
}
