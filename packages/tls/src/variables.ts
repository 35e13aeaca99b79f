/** What is told about a TLS session, as environment variables. Pure. */
import { latin1, lower } from '@moreqmail/unix/bytes'
import { type Certificate, parseCertificate } from './certificate.ts'

/** A finished handshake. */
export interface Session {
  readonly server: boolean
  /** `TLSv1.3` */
  readonly protocol: string
  /** OpenSSL's name. */
  readonly cipher: string
  /** The server's name that was asked for. */
  readonly serverName: string | undefined
  /** The certificates in DER; undefined without one. */
  readonly peer: Uint8Array | undefined
  readonly own: Uint8Array | undefined
  /** SHA-256 of the peer's, hexadecimal. */
  readonly peerHash: string | undefined
}

type Variable = readonly [name: string, value: string | undefined]

const LONGEST = 1024

/** No list is longer: 17 values of that length. */
export const MAX_LIST = 32768

/** The variables in their order; those that are undefined are to be removed. `all`: those about certificates too. */
export function sessionVariables(session: Session, all: boolean): readonly Variable[] {
  const { server, protocol, cipher, serverName, peerHash } = session
  const peer = session.peer && parseCertificate(session.peer)
  const own = session.own && parseCertificate(session.own)
  const variables: Variable[] = [
    ['SSL_PROTOCOL', protocol],
    ['SSL_CIPHER', cipher],
    ['SSL_TLS_SNI_SERVERNAME', serverName?.replace(/[^!-~]/g, '?')],
    ['SSL_PEER_CERT_HASH', peerHash && `SHA256:${lower(peerHash)}`],
    ['SSL_PEER_CERT_SUBJECT', peer?.subject],
  ]
  if (server) variables.push(['SSL_CLIENT_VERIFY', session.peer ? 'SUCCESS' : 'NONE'])
  if (all) {
    const bits = keyBits(cipher)
    variables.push(
      ['SSL_CIPHER_USEKEYSIZE', bits],
      ['SSL_CIPHER_ALGKEYSIZE', bits],
      ['SSL_VERSION_INTERFACE', 'moreqmail'],
    )
    variables.push(...certificateVariables('SERVER', server ? own : peer))
    variables.push(...certificateVariables('CLIENT', server ? peer : own))
  }
  return variables.map(([name, value]) => [name, value?.slice(0, LONGEST)])
}

function certificateVariables(side: 'SERVER' | 'CLIENT', certificate: Certificate | undefined): readonly Variable[] {
  return [
    [`SSL_${side}_M_SERIAL`, certificate?.serial],
    [`SSL_${side}_S_DN`, certificate?.subject],
    [`SSL_${side}_I_DN`, certificate?.issuer],
    [`SSL_${side}_V_START`, certificate?.notBefore],
    [`SSL_${side}_V_END`, certificate?.notAfter],
  ]
}

/** The length of the cipher's key: all that the engine has. */
function keyBits(cipher: string): string | undefined {
  return /AES_?(128|256)/.exec(cipher)?.[1] ?? (cipher.includes('CHACHA20') ? '256' : undefined)
}

/** All the names there are, for whoever starts a session that has none of them yet. */
export const SESSION_NAMES: readonly string[] = sessionVariables(
  {
    server: true,
    protocol: '',
    cipher: '',
    serverName: undefined,
    peer: undefined,
    own: undefined,
    peerHash: undefined,
  },
  true,
).map(([name]) => name)

/** The list that answers `Y`: each string ended by a NUL, and one more at the end. */
export function encodeVariables(variables: readonly Variable[]): string {
  return `${variables.map(([name, value]) => (value === undefined ? `${name}\0` : `${name}=${value}\0`)).join('')}\0`
}

/** Reads the list back; undefined if it isn't whole. */
export function decodeVariables(list: Uint8Array): readonly Variable[] | undefined {
  const text = latin1(list)
  if (text !== '\0' && !text.endsWith('\0\0')) return undefined
  return text
    .split('\0')
    .filter((item) => item !== '')
    .map((item) => {
      const equals = item.indexOf('=')
      return equals < 0 ? [item, undefined] : [item.slice(0, equals), item.slice(equals + 1)]
    })
}
