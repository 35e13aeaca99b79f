/** What the administrator has decided: control files and environment. */
import { type Cdb, openCdb } from '@moreqmail/cdb'
import { readDatabytes } from '@moreqmail/smtp-io'
import { controlLine, controlList, controlNumber, env, type List, listFile, type Unreadable } from '@moreqmail/unix'
import { type Plugins, parsePlugins } from './plugins.ts'

export interface Configuration {
  readonly greeting: string
  /** Takes the place of this host's address literals; undefined: they stay. */
  readonly localName: string | undefined
  /** Seconds that one read or write may take. */
  readonly timeout: number
  /** Whom mail is taken for; undefined: for everybody. */
  readonly rcpthosts: List | undefined
  /** More of them; asked only if there are rcpthosts. */
  readonly morercpthosts: Cdb | undefined
  readonly badmailfrom: List | undefined
  /** The most bytes of a message, 0: no limit. */
  readonly databytes: bigint
  readonly smtputf8: boolean
  /** The client may send to everybody; the value is put behind every recipient. */
  readonly relayClient: string | undefined
  /** The program that says whether a recipient has a mailbox. */
  readonly rcptcheck: string | undefined
  readonly plugins: Plugins | undefined
}

/** Reads all of it; the working directory is the qmail home. */
export function readConfiguration(unreadable: Unreadable): Configuration {
  const me = controlLine('me', unreadable)
  const rcpthosts = controlList('rcpthosts', unreadable)
  return {
    greeting: controlLine('smtpgreeting', unreadable) ?? me ?? unreadable(0),
    localName: controlLine('localiphost', unreadable) ?? me,
    timeout: Math.max(1, controlNumber('timeoutsmtpd', 1200, unreadable)),
    rcpthosts,
    morercpthosts: rcpthosts && more(unreadable),
    badmailfrom: controlList('badmailfrom', unreadable),
    databytes: readDatabytes(unreadable),
    smtputf8: controlNumber('smtputf8', 0, unreadable) !== 0,
    relayClient: env('RELAYCLIENT'),
    rcptcheck: env('RCPTCHECK') || undefined,
    plugins: plugins(unreadable),
  }
}

function more(unreadable: Unreadable): Cdb | undefined {
  const cdb = openCdb('control/morercpthosts.cdb')
  return typeof cdb === 'number' ? unreadable(cdb) : cdb
}

/** The plugins; a file that was named must be there. */
function plugins(unreadable: Unreadable): Plugins | undefined {
  if (env('NOSPP') !== undefined) return undefined
  const named = env('SPPCONFFILE')
  const list = named
    ? (listFile(named, unreadable, 'ends') ?? unreadable(0))
    : controlList('smtpplugins', unreadable, 'ends')
  return list && parsePlugins(list.entries())
}
