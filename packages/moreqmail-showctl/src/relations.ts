/** What control files say together that they can't say alone. Pure. */
import { leadingNumber, lower } from '@moreqmail/unix/bytes'
import { atMost, entriesOf, lineOf } from './forms.ts'

/** The control files, as far as they could be read. */
export interface Files {
  /** True if it is there, readable or not. */
  readonly has: (name: string) => boolean
  /** Its content; undefined if it is not there or can't be read. */
  readonly text: (name: string) => string | undefined
  /** When it was changed. */
  readonly changed: (name: string) => number
}

/** Each fault, as `NAME: TEXT`. */
export function relationFaults({ has, text, changed }: Files): string[] {
  const value = (name: string): string => lineOf(text(name) ?? '')
  const entries = (name: string): string[] => entriesOf(text(name) ?? '').map((entry) => lower(entry.text))
  const faults: string[] = []
  const fault = (name: string, what: string): void => {
    faults.push(`${name}: ${what}`)
  }

  if (!has('me')) fault('me', 'it is not there')
  else if (text('me') !== undefined && value('me') === '') fault('me', 'it is empty')
  if (!has('rcpthosts')) fault('rcpthosts', 'it is not there: qmail-smtpd takes mail for everybody, and relays it')

  if (has('clientcert') !== has('clientkey')) {
    const [here, missing] = has('clientcert') ? ['clientcert', 'clientkey'] : ['clientkey', 'clientcert']
    fault(here, `it does nothing without ${missing}`)
  }
  if ((leadingNumber(value('tlsstrictness')) ?? 0) > 0 && !has('trustanchors'))
    fault('tlsstrictness', 'it does nothing without trustanchors')

  if (has('morercpthosts.cdb') && !has('rcpthosts')) fault('morercpthosts.cdb', 'it does nothing without rcpthosts')
  if (has('morercpthosts')) {
    if (!has('morercpthosts.cdb')) fault('morercpthosts', 'it does nothing before qmail-newmrh is run')
    else if (changed('morercpthosts') > changed('morercpthosts.cdb'))
      fault('morercpthosts', 'it was changed after qmail-newmrh was run')
  }

  const virtual = new Set(entries('virtualdomains').map((entry) => entry.split(':', 1)[0] ?? ''))
  const locals = entries('locals')
  const both = locals.filter((local) => virtual.has(local)).map((local) => `${local} does nothing, for it is in locals`)
  for (const what of atMost(both)) fault('virtualdomains', what)

  if (has('rewrite'))
    for (const name of ['defaultdomain', 'defaulthost', 'plusdomain'])
      if (has(name)) fault(name, 'to qmail-ofmipd it does nothing, for there is rewrite')

  const srs = lower(value('srs_domain'))
  if (srs !== '') {
    if (!has('srs_secrets')) fault('srs_secrets', 'it is not there, and there is srs_domain: mail is deferred')
    if (locals.includes(srs) || virtual.has(srs))
      fault('srs_domain', 'it may be neither in locals nor in virtualdomains')
    const hosts = text('rcpthosts') === undefined ? undefined : entries('rcpthosts')
    if (hosts !== undefined && !has('morercpthosts.cdb') && !hosts.some((host) => isFor(srs, host)))
      fault('srs_domain', 'it is not in rcpthosts: bounces do not come back')
    const length = leadingNumber(value('srs_hashlength')) || 4
    if ((leadingNumber(value('srs_hashmin')) ?? 0) > length) fault('srs_hashmin', 'it is more than srs_hashlength')
  }
  return faults
}

/** True if an entry of rcpthosts is for the host. */
function isFor(host: string, entry: string): boolean {
  return entry === host || (entry.startsWith('.') && host.endsWith(entry))
}
