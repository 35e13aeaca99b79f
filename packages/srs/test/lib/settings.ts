/** Settings of a test: the usual ones of a forwarder, but for what is given. */
import type { SrsSettings } from '../../src/settings.ts'

export const NOW = 1_763_600_000
export const DAY = 86400

export function settings(changes: Partial<SrsSettings> = {}): SrsSettings {
  const hashLength = changes.hashLength ?? 4
  return {
    domain: 'srs.example.org',
    secrets: ['tops3cret'],
    maxAge: 21,
    hashLength,
    hashMin: hashLength,
    separator: '=',
    ...changes,
  }
}
