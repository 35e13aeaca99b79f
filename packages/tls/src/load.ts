/** Reads the files that the settings name, and makes of them what the engine takes. */
import tls from 'node:tls'
import { type Errno, errorText, sys } from '@moreqmail/unix'
import { CONFIGURATION, type Fault, reasonOf } from './fault.ts'
import { certificates, hasKey } from './pem.ts'
import type { Identity, Settings } from './settings.ts'

/** No certificate, key or list is longer. */
const MAX_FILE = 16 * 1024 * 1024
/** OpenSSL's names by hash of the subject; the others are for people. */
const IN_DIRECTORY = /\.(?:pem|crt)$|^[0-9a-f]{8}\.[0-9]+$/

/** A certificate with its chain, and its key, as they are in their files. */
export interface Loaded extends Identity {
  /** The name that it is for; undefined: it is the one for all. */
  readonly name: string | undefined
  readonly chain: readonly string[]
  readonly pem: Uint8Array
}

/** All that is read before the network is. */
export interface Material {
  readonly identities: readonly Loaded[]
  /** Certificates, each in PEM. */
  readonly anchors: readonly string[]
}

/** The material for these settings, or what is wrong with it. */
export function load({ identity, named, anchorFile, anchorDirectory }: Settings): Material | Fault {
  const identities: Loaded[] = []
  for (const each of identity === undefined ? named : [{ ...identity, name: undefined }, ...named]) {
    const certificate = sys.slurp(each.certificate, MAX_FILE)
    if (typeof certificate === 'number') return unable('certificate', each.certificate, certificate)
    const chain = certificates(certificate)
    if (chain.length === 0) return unable('certificate', each.certificate, 'no certificate in it')
    const pem = each.key === each.certificate ? certificate : sys.slurp(each.key, MAX_FILE)
    if (typeof pem === 'number') return unable('key', each.key, pem)
    if (!hasKey(pem)) return unable('key', each.key, 'no private key in it')
    identities.push({ ...each, chain, pem })
  }
  const anchors = loadAnchors(anchorFile, anchorDirectory)
  return 'code' in anchors ? anchors : { identities, anchors }
}

function unable(what: string, path: string, why: Errno | string): Fault {
  return {
    code: CONFIGURATION,
    text: `unable to load ${what} ${path}: ${typeof why === 'number' ? errorText(why) : why}`,
  }
}

function listFault(why: string): Fault {
  return { code: CONFIGURATION, text: `unable to load CA list: ${why}` }
}

function loadAnchors(file: string, directory: string): readonly string[] | Fault {
  if (file === '' && directory === '') return []
  const found = new Set<string>()
  if (file !== '') {
    const text = sys.slurp(file, MAX_FILE)
    if (typeof text === 'number') return listFault(errorText(text))
    for (const certificate of certificates(text)) found.add(certificate)
  }
  if (directory !== '') {
    const names = sys.readdir(directory)
    if (typeof names === 'number') return listFault(errorText(names))
    for (const name of names.filter((name) => IN_DIRECTORY.test(name)).sort()) {
      const text = sys.slurp(`${directory}/${name}`, MAX_FILE)
      if (typeof text !== 'number') for (const certificate of certificates(text)) found.add(certificate)
    }
  }
  return found.size === 0 ? listFault('no certificate in it') : [...found]
}

/** SSL_OP_NO_TICKET, the same number in OpenSSL and BoringSSL: sessions are not resumed. */
const NO_TICKET = 0x4000

/** How the engine is set up with one of the identities, or none of its own; or what it doesn't take. */
export function contextOf(
  { anchors }: Material,
  identity: Loaded | undefined,
  { ciphers, oldest }: Settings,
  password: string | undefined,
): tls.SecureContext | Fault {
  const common: tls.SecureContextOptions = { minVersion: oldest, secureOptions: NO_TICKET, honorCipherOrder: true }
  const parts: { readonly options: tls.SecureContextOptions; readonly fault: (error: unknown) => Fault }[] = []
  if (ciphers !== undefined)
    parts.push({ options: { ciphers }, fault: () => ({ code: CONFIGURATION, text: 'unable to set cipher list' }) })
  if (anchors.length > 0) parts.push({ options: { ca: [...anchors] }, fault: (error) => listFault(reasonOf(error)) })
  if (identity !== undefined) {
    const { chain, pem, certificate, key } = identity
    const cert = chain.join('\n')
    const pair = { cert, key: Buffer.from(pem), ...(password === undefined ? {} : { passphrase: password }) }
    parts.push({ options: { cert }, fault: (error) => unable('certificate', certificate, reasonOf(error)) })
    parts.push({ options: pair, fault: (error) => keyFault(certificate, key, error) })
  }
  try {
    return tls.createSecureContext(Object.assign({}, common, ...parts.map(({ options }) => options)))
  } catch (error) {
    for (const { options, fault } of parts) {
      try {
        tls.createSecureContext({ ...common, ...options })
      } catch (error) {
        return fault(error)
      }
    }
    return { code: CONFIGURATION, text: `unable to set up TLS: ${reasonOf(error)}` }
  }
}

function keyFault(certificate: string, key: string, error: unknown): Fault {
  const reason = reasonOf(error)
  if (/^key (?:values|type) mismatch$/.test(reason))
    return { code: CONFIGURATION, text: `key does not match certificate ${certificate}` }
  return unable('key', key, reason)
}
