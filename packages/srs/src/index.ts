/** The Sender Rewriting Scheme: senders that lead back through a forwarder. */
export * from './address.ts'
export * from './settings.ts'
