/** qmail-rfilter-dkimsign: signs outgoing messages. */
import { signMessage } from '@moreqmail/dkim/sign-message'
import { REMOTE_FILTER_EXIT } from '@moreqmail/filter'

export const synopsis = 'qmail-rfilter-dkimsign'

const { temporary } = REMOTE_FILTER_EXIT

export function main(): void {
  signMessage({
    configuration: temporary,
    readError: temporary,
    writeError: temporary,
    noMemory: temporary,
    badEnvelope: temporary,
  })
}
