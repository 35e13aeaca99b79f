/** Takes PEM files apart (RFC 7468). Pure. */
import { bytes, latin1 } from '@moreqmail/unix/bytes'

const CERTIFICATE = /-----BEGIN (X509 |)CERTIFICATE-----[^-]*-----END \1CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/

/** The certificates in a file, in order, each with its lines around it. */
export function certificates(pem: Uint8Array): readonly string[] {
  return latin1(pem).match(CERTIFICATE) ?? []
}

/** True if a private key begins in a file. */
export function hasKey(pem: Uint8Array): boolean {
  return PRIVATE_KEY.test(latin1(pem))
}

/** The bytes of one certificate; none if it is damaged. */
export function derOf(certificate: string): Uint8Array {
  try {
    return bytes(atob(certificate.replace(/-----[^-]*-----|\s/g, '')))
  } catch {
    return new Uint8Array()
  }
}
