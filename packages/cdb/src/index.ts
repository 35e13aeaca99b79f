/** Constant databases, https://cr.yp.to/cdb.html: reading and making them. */
export * from './maker.ts'
export * from './reader.ts'
