/** How TLS is set up: what the environment says. Pure. */
import { wholeNumber } from '@moreqmail/unix/bytes'
import type { Assignment } from './assignment.ts'
import { CONFIGURATION, type Fault, MISUSED } from './fault.ts'

/** Where a certificate is, leaf first, and its key. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

/** The one for a name, `*.` for all that are one label longer. */
export interface NamedIdentity extends Identity {
  readonly name: string
}

export interface Settings {
  readonly identity: Identity | undefined
  /** Those chosen by the name that a client asks for. */
  readonly named: readonly NamedIdentity[]
  /** Where the trust anchors are; both empty if none is needed. */
  readonly anchorFile: string
  readonly anchorDirectory: string
  /** For TLS 1.2; undefined: the engine's. */
  readonly ciphers: string | undefined
  readonly oldest: 'TLSv1.2' | 'TLSv1.3'
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly root: string | undefined
}

const NAMES = ['CERTFILE', 'KEYFILE', 'CERTCHAINFILE', 'CAFILE', 'CADIR', 'CCAFILE', 'CIPHERS', 'TLS_MINVERSION']
const IDS = ['TLS_UID', 'TLS_GID', 'SSL_UID', 'SSL_GID']
const SECRETIVE = [...NAMES, ...IDS, 'SSL_CHROOT']
const NAMED = /^(?:CERTFILE|KEYFILE):/

/** True for a variable that sets up TLS: the process that does it has no other, and the program none of these. */
export function isTlsSetting(name: string): boolean {
  return SECRETIVE.includes(name) || NAMED.test(name)
}

/** The settings in an environment for an assignment, or what is wrong with them. */
export function readSettings(entries: readonly string[], assignment: Assignment): Settings | Fault {
  const variables = new Map<string, string>()
  for (const entry of entries) {
    const [name = '', value] = split(entry)
    if (!variables.has(name)) variables.set(name, value)
  }
  const get = (name: string): string | undefined => variables.get(name) || undefined
  const { server, style, sni } = assignment

  const ids = idsIn(get, style === 'chain' ? ['TLS', 'SSL'] : ['SSL', 'TLS'])
  if ('code' in ids) return ids
  const oldest = get('TLS_MINVERSION') ?? 'TLSv1.2'
  if (oldest !== 'TLSv1.2' && oldest !== 'TLSv1.3') return { code: MISUSED, text: 'invalid TLS_MINVERSION' }

  const identity = server || assignment.ownCertificate ? identityIn(get) : undefined
  const named = server && sni > 0 ? namedIn(variables) : []
  if ('code' in named) return named
  if (identity === undefined && (server ? sni < 2 : assignment.ownCertificate)) return unset(style)
  // A chain program tells the client, by an alert.
  if (style === 'sslserver' && sni === 2 && named.length === 0) return unset(style)

  const asks = server ? assignment.clientCertificate !== 'none' : assignment.verify
  const anchorFile = get('CAFILE') ?? ''
  const anchorDirectory = get('CADIR') ?? ''
  if (asks && anchorFile === '' && anchorDirectory === '')
    return { code: MISUSED, text: server ? 'CADIR or CAFILE not set' : NO_ANCHORS }
  return {
    identity: sni === 2 ? undefined : identity,
    named,
    anchorFile: asks ? anchorFile : '',
    anchorDirectory: asks ? anchorDirectory : '',
    ciphers: get('CIPHERS'),
    oldest,
    uid: ids.uid ?? assignment.uid,
    gid: ids.gid ?? assignment.gid,
    root: get('SSL_CHROOT'),
  }
}

const NO_ANCHORS = 'unable to get trust anchor list: neither CADIR nor CAFILE is set'

function unset(style: Assignment['style']): Fault {
  const text = 'CERTFILE not set'
  return { code: MISUSED, text: style === 'sslserver' ? `unable to load certificate: ${text}` : text }
}

function split(entry: string): readonly [string, string] {
  const equals = entry.indexOf('=')
  return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)]
}

type Get = (name: string) => string | undefined

function identityIn(get: Get): Identity | undefined {
  const certificate = get('CERTCHAINFILE') ?? get('CERTFILE')
  return certificate === undefined ? undefined : { certificate, key: get('KEYFILE') ?? get('CERTFILE') ?? certificate }
}

function namedIn(variables: ReadonlyMap<string, string>): readonly NamedIdentity[] | Fault {
  const named: NamedIdentity[] = []
  for (const [variable, path] of variables) {
    if (!NAMED.test(variable)) continue
    const [kind, name] = [variable.slice(0, variable.indexOf(':')), variable.slice(variable.indexOf(':') + 1)]
    const certificate = variables.get(`CERTFILE:${name}`)
    if (certificate === undefined)
      return {
        code: CONFIGURATION,
        text: `environment variable ${variable} not paired with the corresponding CERTFILE`,
      }
    if (kind === 'CERTFILE') named.push({ name, certificate, key: variables.get(`KEYFILE:${name}`) || path })
  }
  return named
}

/** What is wrong with the variables for user and group; undefined: nothing. Empty ones are as if they weren't there. */
export function idFault(get: Get): Fault | undefined {
  const bad = IDS.find((name) => {
    const text = get(name)
    return text !== undefined && text !== '' && wholeNumber(text) === undefined
  })
  return bad === undefined ? undefined : { code: MISUSED, text: `invalid ${bad}` }
}

/** Each of the two from the first variable that has it; 0 is as if it weren't there. */
function idsIn(
  get: Get,
  prefixes: readonly string[],
): { readonly uid: number | undefined; readonly gid: number | undefined } | Fault {
  const fault = idFault(get)
  if (fault !== undefined) return fault
  const id = (kind: string) =>
    prefixes.map((prefix) => wholeNumber(get(`${prefix}_${kind}`) ?? '') || undefined).find((n) => n !== undefined)
  return { uid: id('UID'), gid: id('GID') }
}
