/** A client like all others, but for what a test is about. */
import type { Client } from '../../src/client.ts'
import { clientAddress } from '../../src/identity.ts'
import { type Asked, type Zone, zoneOf } from './zone.ts'

export interface Traits {
  readonly ip?: string
  readonly sender?: string
  readonly helo?: string
}

/** What it asks is written into `asked`. */
export function clientIn(zone: Zone, { ip = '192.0.2.1', ...traits }: Traits = {}, asked: Asked = []): Client {
  const usual = { sender: 'bob@a.example', helo: 'mx.a.example', receiver: 'me.example', time: 1234567890.5 }
  return { ...usual, ...traits, ip: clientAddress(ip)!, ask: zoneOf(zone, asked) }
}
