/** The Sender Policy Framework: who may send mail in the name of a domain. RFC 7208 */
export { checkRecord, checkSender, type Outcome, type Result } from './check.ts'
export { type Ask, type Client, explainTo, parseExplanation } from './client.ts'
export { clientAddress, type Identity, identityOf, isLoopback } from './identity.ts'
export type { MacroText } from './macros.ts'
export { printable, receivedSpf } from './received.ts'
export { type Mechanism, parseTerms, type SpfRecord } from './record.ts'
