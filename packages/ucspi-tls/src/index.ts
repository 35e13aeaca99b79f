/** TLS begun in the middle of a connection, by the process that holds it: the UCSPI-TLS interface. */
export * from './answer.ts'
export * from './offer.ts'
export * from './start.ts'
