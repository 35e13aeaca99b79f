/** Which of our certificates a session uses. */
import type tls from 'node:tls'
import type { Fault } from './fault.ts'
import { contextOf, type Loaded, type Material } from './load.ts'
import { choose } from './server-name.ts'
import type { Settings } from './settings.ts'

/** That of the name, else the one for all. */
export function identityFor(asked: string | undefined, identities: readonly Loaded[]): Loaded | undefined {
  const named = identities.flatMap((identity) =>
    identity.name === undefined ? [] : [{ name: identity.name, identity }],
  )
  const found = asked === undefined ? undefined : choose(named, asked)
  return found?.identity ?? identities.find(({ name }) => name === undefined)
}

/** What the engine is to use for an identity, or why it can't; without one, for none. */
export type Contexts = (identity: Loaded | undefined) => tls.SecureContext | Fault

/** Makes a context for each identity once. */
export function contextsOf(material: Material, settings: Settings, password: string | undefined): Contexts {
  const made = new Map<Loaded | undefined, tls.SecureContext | Fault>()
  return (identity) => {
    const context = made.get(identity) ?? contextOf(material, identity, settings, password)
    made.set(identity, context)
    return context
  }
}
