/** How qmail-smtpc has TLS started on its connection. */
import { tlsDescriptors, startTls as ucspiTls } from '@moreqmail/ucspi-tls'
import { env, environment } from '@moreqmail/unix'

/**
 * Starts TLS by UCSPI-TLS, so that the two descriptors of the connection go through it: true if that has worked.
 * Undefined if nobody offers to do that: the three variables must name descriptors.
 */
export function tlsStarter(connection: readonly [number, number], timeout: number): (() => boolean) | undefined {
  const descriptors = tlsDescriptors(env, () => true)
  return descriptors && (() => ucspiTls(descriptors, environment(), { timeout, onto: connection }))
}
