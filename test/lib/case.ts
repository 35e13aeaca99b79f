/** Decides what a behaviour case may hold: the format of test/cases/*.json. */
import { readFileSync } from 'node:fs'
import type { Raw } from './bytes.ts'

export type FileContent =
  | Raw
  | { readonly text: Raw; readonly mode?: string }
  | { readonly cdb: ReadonlyArray<readonly [Raw, Raw]>; readonly mode?: string }
  | { readonly tls: string; readonly mode?: string }

export type FileSet = Readonly<Record<string, FileContent>>

/** A handshake: the keys of `tls_client` and `tls_server`. */
export interface TlsStep {
  readonly servername?: string
  readonly cert?: string
  readonly ca?: string
  readonly optional?: boolean
  readonly peer?: string | null
  readonly sni?: string | null
  readonly min?: string
  readonly max?: string
  readonly version?: string
  readonly ciphers?: string
  /** True: it must fail; a regular expression: for this reason. */
  readonly fail?: boolean | string
}

/** One step of a conversation: an object with one of these keys. */
export interface Step {
  readonly send?: Raw
  readonly expect?: Raw
  readonly expect_re?: string
  readonly expect_reply?: string
  readonly starttls?: string
  readonly vars?: Readonly<Record<string, string>>
  readonly eof?: true | 'close_notify' | 'cut'
  readonly tls_client?: TlsStep
  readonly tls_server?: TlsStep
  readonly close_notify?: true
  readonly half_close?: true
  readonly reset?: true
  readonly quiet?: number
  readonly count?: number
  readonly fill?: number
  readonly wait_stderr?: string
  readonly signal?: string
  readonly files?: FileSet
  readonly close?: true
  readonly sleep?: number
}

export type Steps = readonly Step[]

/** A conversation with a listener: from which address to which. */
export interface Dialog {
  readonly to?: string
  readonly from?: string
  readonly steps?: Steps
}

export interface ServerSpec {
  readonly listen: string
  readonly port?: number
  readonly dialogs: readonly Steps[]
}

export type RecordData = Raw | ReadonlyArray<Raw | number>

/** What a zone has for a name: values by type, or the way it fails. */
export type ZoneEntry =
  | 'SERVFAIL'
  | 'TIMEOUT'
  | (Readonly<Record<string, RecordData | readonly RecordData[]>> & {
      readonly SERVFAIL?: readonly string[]
      readonly TIMEOUT?: readonly string[]
      readonly CNAME?: string
    })

export type Zone = Readonly<Record<string, ZoneEntry>>

export interface Expectation {
  readonly exit?: number | string
  readonly stdout?: Raw
  readonly stderr?: Raw
  readonly stdout_re?: string
  readonly stderr_re?: string
  readonly files?: Readonly<Record<string, Raw | null | { readonly re: string }>>
  readonly glob?: Readonly<Record<string, number>>
}

export interface Case {
  readonly name: string
  readonly about?: string
  readonly files?: FileSet
  readonly argv: readonly Raw[]
  readonly env?: Readonly<Record<string, Raw>>
  readonly cwd?: string
  readonly umask?: string
  readonly stdin?: Raw
  readonly fds?: Readonly<Record<string, Raw>>
  readonly dialog?: Steps
  readonly dialogs?: ReadonlyArray<Steps | Dialog>
  readonly together?: boolean
  readonly until?: string
  readonly stop?: string
  readonly channel?: 'stdio' | 'client' | 'connect'
  readonly socket?: boolean
  readonly ucspitls?: boolean
  readonly root?: boolean
  /** Notes on the original program; they decide nothing here. */
  readonly oracle?: string
  readonly servers?: Readonly<Record<string, ServerSpec>>
  readonly dns?: Zone
  readonly timeout?: number
  readonly expect?: Expectation
}

/** The cases in a file; undefined if it holds something else (vectors for a library). */
export function readCases(path: string): readonly Case[] | undefined {
  const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
  return Array.isArray(content) ? (content as readonly Case[]) : undefined
}
