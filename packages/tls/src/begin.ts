/** What happens between the handshake and the first byte: the peer is judged and the session told. */
import { parseAddress } from '@moreqmail/dns/address'
import { bytes, note, sys } from '@moreqmail/unix'
import type { Assignment } from './assignment.ts'
import { parseCertificate } from './certificate.ts'
import { begunLine, type Fault, handshakeFault } from './fault.ts'
import { isFor } from './server-name.ts'
import type { TlsSession } from './session.ts'
import { encodeVariables, sessionVariables } from './variables.ts'

/** What is wrong with the peer of a session whose handshake is over; undefined: nothing. */
export function judge(session: TlsSession, assignment: Assignment): Fault | undefined {
  const { server, verify, clientCertificate, serverHost, clientHost } = assignment
  if (server ? clientCertificate === 'none' : !verify) return undefined
  const { peer, mistrust } = session
  if (peer === undefined && server && clientCertificate === 'optional') return undefined
  if (peer === undefined) return handshakeFault(assignment, 'peer', 'no certificate')
  if (mistrust !== undefined) return handshakeFault(assignment, 'peer', mistrust)
  const host = server ? clientHost : serverHost
  if (host === undefined) return undefined
  const certificate = parseCertificate(peer.der)
  if (certificate !== undefined && isFor(certificate, host, parseAddress(host))) return undefined
  return handshakeFault(assignment, 'name', host)
}

/** Tells of the session: in the log, and on the report descriptor if it is wanted there. */
export function announce(
  session: TlsSession,
  assignment: Assignment,
  serverName: string | undefined,
  own: Uint8Array | undefined,
  report: number,
): void {
  const { protocol, cipher, peer } = session
  const line = begunLine(assignment, protocol, cipher)
  if (line !== undefined) note(line)
  if (!assignment.report) return
  const { server, details } = assignment
  const variables = sessionVariables(
    { server, protocol, cipher, serverName, peer: peer?.der, own, peerHash: peer?.hash },
    details,
  )
  const list = bytes(encodeVariables(variables))
  // In one go: the socket has room for all there can be. Whoever doesn't want it any more misses nothing.
  sys.write(report, list, 0, list.length)
  closeReport(report)
}

/** Closes the report; bytes that nobody has read would turn its end into an error for the program. */
export function closeReport(report: number): void {
  const ignored = new Uint8Array(4096)
  sys.nonblock(report, 1)
  while (sys.read(report, ignored, 0, ignored.length) > 0);
  sys.close(report)
}
