/** qmail-qfilter-dkimsign: signs messages as they are submitted. */
import { signMessage } from '@moreqmail/dkim/sign-message'
import { FILTER_EXIT } from '@moreqmail/filter'

export const synopsis = 'qmail-qfilter-dkimsign'

export function main(): void {
  signMessage(FILTER_EXIT)
}
